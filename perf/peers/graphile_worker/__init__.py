"""Graphile Worker, in Node.

The preset of its page on performance, batching on: https://worker.graphile.org/docs/performance
A completed job's row
is deleted. Jobs of a dead worker stay locked for four hours, as that page says.
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="graphile-worker",
    title="Graphile Worker",
    home=Home.POSTGRESQL,
    runtime=Runtime.NODE,
    packages=("graphile-worker", "pg"),
    unfinished="SELECT count(*) FROM (SELECT FROM graphile_worker._private_jobs LIMIT 1) AS one",
    workers=2,
    settings="2 processes, batching preset: concurrentJobs 24, localQueue 500, completeJobBatchDelay 0",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim in batches, completion in batches",
    execution="at least once",
    history="none: finished jobs are deleted",
    pages=("https://worker.graphile.org/docs/performance",),
)
