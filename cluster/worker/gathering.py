"""What became of runs, gathered on the task thread until it is worth a wake-up of the other."""

import asyncio
from collections.abc import Callable

from cluster.worker.run import Run

BATCH_RUNS = 500
LINGER_SECONDS = 0.005
"""How long outcomes wait for company while more runs are waiting for a slot. Each message costs both sides what dozens
of short tasks do, and no slot is idle meanwhile."""

Report = Callable[[list[Run], list[Run]], None]


class Gathering:
    """Calls `report` with the runs that started (and last) and with those that have an outcome.

    Lives on one event loop. State: what is to be reported, when that is planned, and whether that is in this turn of
    the loop.
    """

    __slots__ = ("_ended", "_loop", "_planned", "_report", "_soon", "_started")

    def __init__(self, loop: asyncio.AbstractEventLoop, report: Report) -> None:
        self._loop, self._report = loop, report
        self._started: list[Run] = []
        self._ended: list[Run] = []
        self._planned: asyncio.Handle | None = None
        self._soon = False

    def __repr__(self) -> str:
        return f"<Gathering started={len(self._started)} ended={len(self._ended)}>"

    @property
    def ended(self) -> list[Run]:
        """What has ended and was not reported yet. From any thread while the loop is blocked."""
        return list(self._ended)

    def add_started(self, run: Run) -> None:
        self._started.append(run)
        self._plan_now()

    def add_ended(self, run: Run, others_wait: bool) -> None:
        """`others_wait`: for a slot. If none do, a slot may be idle until this is told."""
        self._ended.append(run)
        if len(self._ended) >= BATCH_RUNS:
            self._flush()
        elif not others_wait:
            self._plan_now()
        elif self._planned is None:
            self._planned = self._loop.call_later(LINGER_SECONDS, self._flush)

    def _plan_now(self) -> None:
        """At the end of this turn of the loop, with what lingered."""
        if not self._soon:
            self._forget_plan()
            self._soon, self._planned = True, self._loop.call_soon(self._flush)

    def _forget_plan(self) -> None:
        if self._planned is not None:
            self._planned.cancel()
        self._planned, self._soon = None, False

    def _flush(self) -> None:
        # What comes after a full batch has its own time to wait.
        self._forget_plan()
        started, self._started = self._started, []
        ended, self._ended = self._ended, []
        self._report(started, ended)
