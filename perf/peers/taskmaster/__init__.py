"""TaskMaster: one coordinator, one worker process, everything at its defaults, as `taskmaster up` runs them.

Enqueue: `cluster.client.transaction.enqueue_many` on a connection of the caller's, 1,000 tasks a statement and a COMMIT
after each, which is how the peers on PostgreSQL are asked, too. Latency is that of POST /api/schedule, with HTTP.
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="taskmaster",
    title="TaskMaster",
    home=Home.POSTGRESQL,
    runtime=Runtime.OURS,
    packages=("taskmaster-cluster",),
    unfinished="SELECT count(*) FROM (SELECT FROM tasks LIMIT 1) AS one",
    services=("coordinator", "edge"),
    settings="defaults; 1 coordinator, 1 worker process, coroutines",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim, and every outcome",
    execution="at least once, one accepted outcome",
    history="kept, with times and worker, 30 days",
)
