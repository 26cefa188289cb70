"""pg-boss, in Node.

Batches fetched without a pause while they come back full, several workers in the process, LISTEN/NOTIFY for latency,
and no ordering by creation where it does not matter: https://timgit.github.io/pg-boss/#/./api/workers
Bulk enqueue by
`insert`. Jobs of a dead worker expire after 15 minutes; heartbeats are off by default:
https://timgit.github.io/pg-boss/#/./api/queues
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="pg-boss",
    title="pg-boss",
    home=Home.POSTGRESQL,
    runtime=Runtime.NODE,
    packages=("pg-boss", "pg"),
    unfinished="SELECT count(*) FROM (SELECT FROM pgboss.job WHERE name = 'noop' AND state < 'completed' LIMIT 1) AS n",
    settings="1 process, batchSize 5000, localConcurrency 2, burstWhenBatchFull, LISTEN/NOTIFY",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim and completion of a batch",
    execution="at least once; a batch succeeds or fails as a whole",
    history="kept, 7 days",
    pages=("https://timgit.github.io/pg-boss/#/./api/workers",),
)
