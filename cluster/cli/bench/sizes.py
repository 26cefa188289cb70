"""How much of everything a run does: a short run, a quick one that only shows that it works, and a full one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the scenarios are run with. The defaults are those of a short run: the usual set takes three minutes."""

    bare: int = 100_000
    """Tasks that PostgreSQL puts through their life alone."""
    batch: int = 500
    """Tasks in one statement of the bare figure."""
    drain: int = 100_000
    workers: int = 1
    """Worker processes, where a scenario is not about their number."""
    connections: int = 64
    """HTTP connections of the client that sends one task a request."""
    senders: int = 8
    """HTTP connections of one that sends many: the edge refuses more than 20,000 tasks that wait to be written."""
    pipeline: int = 1
    """Requests on the way on each of them."""
    posted: int = 1_000
    """Tasks in one POST of many."""
    ingest_seconds: float = 5.0
    """For single POSTs, and again for batches."""
    rate: int = 15_000
    """Tasks a second that enter in `steady`."""
    minutes: float = 1.0
    samples: int = 200
    pause: float = 0.05
    """Seconds between two samples of `latency`."""
    counts: tuple[int, ...] = (1, 2, 4, 8, 16, 50)
    scaling: int = 50_000
    """Tasks for each number of workers."""
    pending: int = 200_000
    history: int = 1_000_000
    calls: int = 100
    """How often `rows` asks for each thing."""
    pinned_seconds: float = 20.0
    """Without a pinned snapshot, and again with one."""
    functions: int = 20_000
    slots_seconds: float = 15.0
    """How long `slots` ought to take."""
    memory: int = 400_000
    dashboards: int = 1_000
    """Streams of events in `dashboards`."""
    followed_rate: int = 5_000
    """Tasks a second that enter meanwhile."""
    followed_seconds: float = 12.0
    """With nobody looking on, with all of them, and with nobody again."""


SHORT = Sizes()
QUICK = Sizes(
    bare=2_000, drain=2_000, connections=4, senders=2, posted=50, ingest_seconds=0.5, rate=500, minutes=0.05, samples=5,
    pause=0.01, counts=(1, 2), scaling=1_000, pending=2_000, history=2_000, calls=3, pinned_seconds=1.0,
    functions=200, slots_seconds=1.0, memory=4_000, dashboards=10, followed_rate=500, followed_seconds=1.0,
)  # fmt: skip
"""Enough to see that every scenario works. Its figures mean nothing."""
FULL = Sizes(
    ingest_seconds=30.0, minutes=10.0, samples=1_000, pending=1_000_000, history=10_000_000, pinned_seconds=300.0,
    functions=50_000, slots_seconds=60.0, memory=1_000_000, followed_seconds=60.0,
)  # fmt: skip
"""What the aims are set for. About forty minutes."""
