"""Celery on Redis.

Two worker programs with the solo pool, one for each core: for no-ops they do three times what the default prefork pool
does, whose parent does all talking to Redis (https://docs.celeryq.dev/en/stable/userguide/concurrency/index.html). The
guide advises a large prefetch multiplier, "64, or 128", for many short tasks, and no rate limits or results where they
are not used; redis-py advises hiredis (https://redis.readthedocs.io/en/stable/):
https://docs.celeryq.dev/en/stable/userguide/optimizing.html#prefetch-limits
https://docs.celeryq.dev/en/stable/userguide/tasks.html#tips-and-best-practices
Celery has no bulk enqueue; one producer
for all calls saves the pool's look-ups. By default a message is acknowledged before its task runs
(https://docs.celeryq.dev/en/stable/userguide/tasks.html#Task.acks_late), so what a killed worker had begun is lost;
what it had only fetched comes back after the visibility timeout of an hour
(https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#visibility-timeout).
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="celery",
    title="Celery",
    home=Home.REDIS,
    runtime=Runtime.PYTHON,
    packages=("celery", "redis", "hiredis"),
    unfinished="LLEN celery\nHLEN unacked",
    workers=2,
    settings="2 worker programs, solo pool, prefetch multiplier 128, no results, no rate limits, hiredis",
    acknowledged="in Redis's memory; a crash of Redis loses what came after its last snapshot",
    execution="at most once (acknowledged before it runs)",
    history="none",
    pages=(
        "https://docs.celeryq.dev/en/stable/userguide/optimizing.html#prefetch-limits",
        "https://docs.celeryq.dev/en/stable/userguide/tasks.html#tips-and-best-practices",
    ),
)
