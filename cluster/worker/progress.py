"""How far running tasks are: from whichever thread says so to the I/O loop, the latest word of each."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeAlias

from cluster.core.limits import PROGRESS_CHARACTERS
from cluster.worker import reports
from cluster.worker.run import Run

EVERY_SECONDS = 1.0
GATHER_SECONDS = 0.3
"""How long a first word waits for others; longer than it takes until a run is told as started."""

Word: TypeAlias = tuple[float, str]
"""How much is done, 0 to 1, and a few words."""
OnProgress: TypeAlias = Callable[[Run, float, str], None]


def unheard(run: Run, fraction: float, message: str) -> None:
    """Where progress goes when nobody listens."""


class Board:
    """Takes words at any rate and passes on the latest of each run, for all of them at once, at most every second.

    Only runs that were told as started are passed on: a short task costs no message. Words get lost without harm.
    `pass_on` is called on the I/O loop; `runs` says of a run whether it is still ours and not over.

    State, under the lock: the latest words, at most one for each run that has not ended. On the I/O loop: the timer for
    the next turn, and the earliest time it may have.
    """

    def __init__(self, runs: Callable[[Run], bool], pass_on: Callable[[dict[Run, Word]], None]) -> None:
        self._runs, self._pass_on = runs, pass_on
        self._lock = threading.Lock()
        self._latest: dict[Run, Word] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._earliest = 0.0
        self._loop: asyncio.AbstractEventLoop

    def __repr__(self) -> str:
        return f"<Board words={len(self._latest)}>"

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def put(self, run: Run, fraction: float, message: str) -> None:
        """From any thread. One wake-up of the I/O loop a turn, however often this is called."""
        with self._lock:
            first = not self._latest
            self._latest[run] = (fraction, message)
        if first:
            with contextlib.suppress(RuntimeError):  # the I/O loop is closed
                self._loop.call_soon_threadsafe(self._plan)

    def _plan(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(max(GATHER_SECONDS, self._earliest - monotonic()), self.step)

    def step(self) -> None:
        """Pass on what there is."""
        self._timer, self._earliest = None, monotonic() + EVERY_SECONDS
        with self._lock:
            latest, self._latest = self._latest, {}
        alive = {run: word for run, word in latest.items() if self._runs(run)}
        early = {run: word for run, word in alive.items() if not run.announced}
        if early:
            with self._lock:
                self._latest = early | self._latest
            self._plan()
        told = {run: (fraction, tidy(text)) for run, (fraction, text) in alive.items() if run.announced}
        if told:
            self._pass_on(told)


def tidy(message: str) -> str:
    """As it can be told and kept: at most 200 characters."""
    return reports.printable(str(message)[:PROGRESS_CHARACTERS])[:PROGRESS_CHARACTERS]
