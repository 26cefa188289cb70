"""PgQueuer.

Its page on tuning: a larger batch_size for short jobs, `pgq autovac` after the installation, asyncpg, a connection of
its own for the queue manager, uvloop (what `pgq run` uses):
https://pgqueuer.readthedocs.io/en/latest/guides/performance-tuning/
Durability `durable`, the default. The heartbeat
timeout is 30 s by default: https://pgqueuer.readthedocs.io/en/latest/guides/heartbeat/
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="pgqueuer",
    title="PgQueuer",
    home=Home.POSTGRESQL,
    runtime=Runtime.PYTHON,
    packages=("pgqueuer", "asyncpg", "uvloop"),
    unfinished="SELECT count(*) FROM (SELECT FROM pgqueuer LIMIT 1) AS one",
    workers=2,
    settings="2 processes, batch_size 500, asyncpg, uvloop, recommended autovacuum, coroutines",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim, and every outcome",
    execution="at least once",
    history="kept as a log of statuses, rolled up into statistics",
    pages=("https://pgqueuer.readthedocs.io/en/latest/guides/performance-tuning/",),
)
