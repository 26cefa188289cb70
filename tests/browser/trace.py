"""What the browser worked for each frame, by its own trace: CPU time, whoever else the cores served meanwhile.

On a machine that is busy with other things an empty page has frames of 100 ms, too. So the time between two frames says
how it is to watch there; what the page is to blame for is the work between them.
"""

import asyncio
import json
from bisect import bisect
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from playwright.async_api import Browser, CDPSession

from tests.browser.frames import MARK

Event = dict[str, Any]
"""As in the Trace Event Format; times are microseconds."""

_CONFIG = {
    "recordMode": "recordAsMuchAsPossible",
    "includedCategories": ["toplevel", "devtools.timeline"],
    "excludedCategories": ["*"],
}
_PIECE = 4_000_000
_PAGE = {"CrRendererMain", "Compositor"}
_RASTER = "TaskGraphRunner::RunTask"
_SCREEN = "GPU Process"
"""Threads of the page's process, a task of any of its threads, and another process, by their names in a trace."""


@dataclass(frozen=True)
class Frame:
    """Milliseconds: how long it took; the CPU time that the page's main thread needed for it, and that all needed who
    made it: the main thread, the compositor, those that draw the tiles, and the process that brings them to the screen.
    """

    took: float
    main: float
    worked: float


@dataclass(frozen=True)
class Work:
    """The frames from the first mark to the last, in order."""

    frames: list[Frame]

    @property
    def busiest(self) -> Frame:
        return max(self.frames, key=lambda frame: frame.worked)

    @property
    def slowest(self) -> Frame:
        return max(self.frames, key=lambda frame: frame.took)

    def __str__(self) -> str:
        most, longest = self.busiest, self.slowest
        return (
            f"most work {most.worked:.0f} ms of CPU, main thread {most.main:.0f} ms, in a frame of {most.took:.0f} ms; "
            f"in the slowest, {longest.took:.0f} ms, {longest.worked:.0f} ms"
        )


@asynccontextmanager
async def recorded(browser: Browser) -> AsyncIterator[list[Event]]:
    """Record what the browser does; the list is filled when the block ends."""
    session = await browser.new_browser_cdp_session()
    ended: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
    session.once("Tracing.tracingComplete", lambda told: ended.set_result(told))
    await session.send("Tracing.start", {"transferMode": "ReturnAsStream", "traceConfig": _CONFIG})
    events: list[Event] = []
    try:
        yield events
    finally:
        await session.send("Tracing.end")
        told = await ended
        events += json.loads(await _read(session, told["stream"]))["traceEvents"]
        await session.detach()
    assert not told["dataLossOccurred"]


async def _read(session: CDPSession, stream: str) -> str:
    pieces = []
    while True:
        piece = await session.send("IO.read", {"handle": stream, "size": _PIECE})
        pieces.append(piece["data"])
        if piece["eof"]:
            return "".join(pieces)


def work_of(events: list[Event]) -> Work:
    """Each task counts for the frame in which it began. `events`: a recording in which `frames` were measured."""
    marks = [each for each in events if each["name"] == "TimeStamp" and each["args"]["data"]["message"] == MARK]
    main = marks[0]["pid"], marks[0]["tid"]
    times = sorted(mark["ts"] for mark in marks)
    worked, worked_by_main = [0.0] * (len(times) + 1), [0.0] * (len(times) + 1)
    for task in _tasks(_drawing(events, page=marks[0]["pid"])):
        number, cpu = bisect(times, task["ts"]), task.get("tdur", 0) / 1000
        worked[number] += cpu
        if _thread(task) == main:
            worked_by_main[number] += cpu
    took = [(later - earlier) / 1000 for earlier, later in pairwise(times)]
    return Work([Frame(*each) for each in zip(took, worked_by_main[1:-1], worked[1:-1], strict=True)])


def _drawing(events: list[Event], *, page: int) -> Iterator[Event]:
    """What stands between the page and the screen. Compiling and collecting beside it is nothing a frame waits for."""
    named = {_thread(each): each["args"]["name"] for each in events if each["name"] == "thread_name"}
    drawing = {each["pid"] for each in events if each["name"] == "process_name" and each["args"]["name"] == _SCREEN}
    for each in events:
        of_page = each["pid"] == page and (each["name"] == _RASTER or named.get(_thread(each)) in _PAGE)
        if each["ph"] == "X" and (of_page or each["pid"] in drawing):
            yield each


def _thread(event: Event) -> tuple[int, int]:
    return event["pid"], event["tid"]


def _tasks(events: Iterable[Event]) -> Iterator[Event]:
    """Those events that are not part of another one of the same thread."""
    threads = defaultdict(list)
    for event in events:
        threads[_thread(event)].append(event)
    for thread in threads.values():
        end = 0
        for event in sorted(thread, key=lambda event: (event["ts"], -event["dur"])):
            if event["ts"] >= end:
                end = event["ts"] + event["dur"]
                yield event
