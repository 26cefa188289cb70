"""Open dashboards, a program of its own: `python -m cluster.cli.bench.watchers WATCHED`.

They follow the events, and ask what a dashboard asks besides (`asking`).

WATCHED is a JSON object, see Watched. A line is written to stdout when every stream has begun; at the first signal what
came of them (see Seen) follows. It counts events and forgets them: whoever follows in earnest is another
machine, and its CPU is not the cluster's.
"""

import asyncio
import sys
import time
from typing import cast

import msgspec

from cluster.cli.bench.asking import ask
from cluster.cli.bench.figures import percentile
from cluster.core.errors import EdgeUnavailable, TaskMasterError
from cluster.runtime.loop import run as run_loop
from cluster.runtime.signals import Shutdown, die_with_parent

READY = "ready\n"
DIALLED_AT_ONCE = 50
ANSWERED_WITHIN = 30.0
"""Seconds for every stream to begin."""
_REQUEST = b"GET /api/logs/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_EVENT, _GAP, _SUMMARY = b"\nid: ", b"event: gap\n", b'"tasks_summary"'


class Watched(msgspec.Struct, frozen=True):
    """How many follow the edge at this port."""

    port: int
    clients: int


class Seen(msgspec.Struct, frozen=True):
    """From when all were ready: streams that were open all the time, events and sums that each got on average, how many
    gaps there were in all, bytes and reads of all, the longest seconds between two reads of one (99th percentile of the
    clients), CPU seconds of this program. `answers`: to what they asked besides, `answer_p99` seconds.
    """

    clients: int
    seconds: float
    events: float
    sums: float
    gaps: int
    megabytes: float
    reads: int
    silence: float
    cpu_seconds: float
    answers: int
    answer_p99: float


class Watcher(asyncio.Protocol):
    """One stream. State: what it counted, whether it has begun and whether it has ended."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = False
        self.reset(time.monotonic())

    def __repr__(self) -> str:
        return f"<Watcher events={self.events} ended={self.ended}>"

    def reset(self, now: float) -> None:
        """Count from here on."""
        self.events = self.sums = self.gaps = self.bytes = self.reads = 0
        self.silence, self.read_at = 0.0, now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports only behave like one.
        cast("asyncio.WriteTransport", transport).write(_REQUEST)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.silence, self.read_at = max(self.silence, now - self.read_at), now
        self.events += data.count(_EVENT)
        self.sums += data.count(_SUMMARY)
        self.gaps += data.count(_GAP)
        self.bytes += len(data)
        self.reads += 1
        self.begun.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended = True
        self.begun.set()


async def follow(watched: Watched) -> list[Watcher]:
    """Every stream, begun. Raises EdgeUnavailable."""
    watchers = [Watcher() for _ in range(watched.clients)]
    loop = asyncio.get_running_loop()
    for first in range(0, len(watchers), DIALLED_AT_ONCE):
        some = watchers[first : first + DIALLED_AT_ONCE]
        await asyncio.gather(
            *(loop.create_connection(lambda it=it: it, "127.0.0.1", watched.port) for it in some)  # type: ignore[misc]
        )
    async with asyncio.timeout(ANSWERED_WITHIN):
        for watcher in watchers:
            await watcher.begun.wait()
    if any(watcher.ended for watcher in watchers):
        raise EdgeUnavailable("the edge ended a stream at its beginning")
    return watchers


def seen(watchers: list[Watcher], times: list[float], seconds: float, cpu_seconds: float) -> Seen:
    """What all of them counted during so many seconds."""
    count = len(watchers)
    return Seen(
        clients=sum(not watcher.ended for watcher in watchers),
        seconds=seconds,
        events=sum(watcher.events for watcher in watchers) / count,
        sums=sum(watcher.sums for watcher in watchers) / count,
        gaps=sum(watcher.gaps for watcher in watchers),
        megabytes=sum(watcher.bytes for watcher in watchers) / 1e6,
        reads=sum(watcher.reads for watcher in watchers),
        silence=percentile([watcher.silence for watcher in watchers], 0.99),
        cpu_seconds=cpu_seconds,
        answers=len(times),
        answer_p99=percentile(times or [0.0], 0.99),
    )


async def _main(watched: Watched) -> Seen:
    shutdown = Shutdown()
    shutdown.install()
    watchers = await follow(watched)
    sys.stdout.write(READY)
    sys.stdout.flush()
    began, cpu = time.monotonic(), time.process_time()
    for watcher in watchers:
        watcher.reset(began)
    asking = asyncio.create_task(ask(watched.port, watched.clients))
    waiting = asyncio.create_task(shutdown.wait())
    await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
    seconds, spent = time.monotonic() - began, time.process_time() - cpu
    asking.cancel()
    return seen(watchers, await asking, seconds, spent)


def run() -> int:
    die_with_parent()
    watched = msgspec.json.decode(sys.argv[1], type=Watched)
    try:
        found = run_loop(_main(watched))
    except (TaskMasterError, OSError) as error:
        sys.stdout.write(str(error))
        return 1
    sys.stdout.write(msgspec.json.encode(found).decode())
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
