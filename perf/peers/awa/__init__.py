"""awa, whose workers are Rust that calls Python.

Its guide to configuration has a shape for "very high-throughput no-op queues": max_workers sized for the latency of
durable completion, 1,024, which also selects four completion shards, and enqueue_shards = 4, which its notes on
benchmarking measured best for one hot queue and which gives up first in, first out for it; the batches of 512 are
defaults: https://github.com/hardbyte/awa/blob/main/docs/configuration.md#queue-storage-tuning
Bulk enqueue by COPY. A
crash is noticed when the heartbeat is 90 s old, looked for every 30 s.
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="awa",
    title="awa",
    home=Home.POSTGRESQL,
    runtime=Runtime.PYTHON,
    packages=("awa-pg",),
    unfinished="SELECT (SELECT count(*) FROM awa.ready_entries) - (SELECT count(*) FROM awa.terminal_jobs)",
    settings="1 process, max_workers 1024, enqueue_shards 4, coroutines",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim, and every outcome",
    execution="at least once",
    history="kept in segments, pruned",
    pages=(
        "https://github.com/hardbyte/awa/blob/main/docs/configuration.md#queue-storage-tuning",
        "https://github.com/hardbyte/awa/blob/main/docs/benchmarking.md",
    ),
)
