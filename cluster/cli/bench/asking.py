"""What open dashboards ask for besides the stream, as often as they do, over a few kept connections."""

import asyncio
import time
from itertools import cycle

from cluster.cli.bench.http import Caller, get

LANES = 50
"""Connections; a browser keeps one or more each, which costs the edge memory and no time."""
OK = 200
PERIOD = 10.0
"""Seconds in which one dashboard asks for all of these."""
ASKED = (
    *["/api/stats", "/api/history?window=60"] * 5,
    *["/api/workers"] * 2,
    "/api/queues",
    "/api/database",
)


async def ask(port: int, dashboards: int) -> list[float]:
    """Until it is cancelled; then the seconds that each answer took. Raises EdgeUnavailable when one is refused."""
    times: list[float] = []
    callers = [Caller() for _ in range(min(LANES, dashboards))]
    pause = PERIOD * len(callers) / (dashboards * len(ASKED))
    try:
        async with asyncio.TaskGroup() as group:
            for lane, caller in enumerate(callers):
                await caller.connect(port)
                group.create_task(_keep_asking(caller, lane, pause, times))
    except asyncio.CancelledError:
        return times
    finally:
        for caller in callers:
            caller.close()
    return times


async def _keep_asking(caller: Caller, lane: int, pause: float, times: list[float]) -> None:
    # Each begins elsewhere, so that not all ask for the same at one moment.
    questions = cycle(get(path) for path in (*ASKED[lane % len(ASKED) :], *ASKED[: lane % len(ASKED)]))
    due = time.monotonic() + pause * lane / LANES
    while True:
        await asyncio.sleep(due - time.monotonic())
        due = max(due + pause, time.monotonic())
        began = time.monotonic()
        await caller.ask(next(questions), OK)
        times.append(time.monotonic() - began)
