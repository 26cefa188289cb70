"""Dramatiq on Redis.

Its program starts as many processes as there are cores (https://dramatiq.io/guide.html#workers) with 8 threads each;
for no-ops, which never leave the interpreter, 4 are better, and so is a prefetch larger than two messages a thread, set
by dramatiq_queue_prefetch (https://dramatiq.io/reference.html#environment-variables). There is no bulk enqueue. A
message stays in Redis until its actor is done; those of a dead worker are given to others when its heartbeat is 60 s
old, which some fetch notices by chance (https://dramatiq.io/reference.html#dramatiq.brokers.redis.RedisBroker).
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="dramatiq",
    title="Dramatiq",
    home=Home.REDIS,
    runtime=Runtime.PYTHON,
    packages=("dramatiq", "redis", "hiredis"),
    unfinished="HLEN dramatiq:default.msgs",
    settings="2 processes × 4 threads, prefetch 500, hiredis",
    acknowledged="in Redis's memory; a crash of Redis loses what came after its last snapshot",
    execution="at least once",
    history="none",
    pages=("https://dramatiq.io/guide.html#workers", "https://dramatiq.io/reference.html#environment-variables"),
)
