"""The task thread: an event loop of its own for user code, seen from the I/O loop."""

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Protocol

from cluster.core.outcome import Outcome
from cluster.runtime import loop, telemetry
from cluster.worker.doing import Doing, doing
from cluster.worker.gathering import Report
from cluster.worker.invoke import Prepared
from cluster.worker.progress import OnProgress, unheard
from cluster.worker.run import Run
from cluster.worker.slots import Slots


class Processes(Protocol):
    """What runs plain functions, on the I/O loop: their timeouts hold even while a coroutine blocks the task loop."""

    def listen(self, ended: Callable[[list[tuple[Run, Outcome]]], None], on_progress: OnProgress) -> None:
        """Whom to tell: how runs ended, and how far they are."""

    def begin(self, runs: list[Run]) -> None: ...

    def kill(self, runs: list[Run]) -> None:
        """What of these goes on is killed and told as ended; what has ended was told."""


STOP_SECONDS = 3.0
"""How long stopping waits for a task thread that user code may block; a daemon thread ends with the process."""


class Executor:
    """Runs what is submitted on another thread; `report(started, ended)` is called on the I/O loop.

    Everything crosses in batches: one wake-up of the other loop for each, in either direction. So a report may be of
    runs that were cancelled while it was on its way. `on_progress` is called on whichever thread a task says it.

    State: both loops, the slots (which only the task thread writes), and when the task loop was last asked for a sign
    of life.
    """

    def __init__(
        self,
        slots: int,
        handlers: Mapping[str, Prepared],
        processes: Processes,
        report: Report,
        on_progress: OnProgress = unheard,
    ) -> None:
        self._size, self._handlers, self._processes, self._report = slots, handlers, processes, report
        self._on_progress = on_progress
        self._thread: threading.Thread | None = None
        self._asked: float | None = None
        self._ready, self._over = asyncio.Event(), asyncio.Event()
        self._io: asyncio.AbstractEventLoop
        self._tasks: asyncio.AbstractEventLoop
        self._slots: Slots
        processes.listen(self._ended_elsewhere, on_progress)

    def __repr__(self) -> str:
        return f"<Executor slots={self._size} running={self._thread is not None}>"

    async def start(self) -> None:
        self._io = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="tasks", daemon=True)
        self._thread.start()
        await self._ready.wait()

    async def stop(self) -> None:
        """Cancel whatever still runs and end the thread, or leave it behind when user code blocks it."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._tasks.call_soon_threadsafe(self._leave.set)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._over.wait()
        except TimeoutError:
            telemetry.emit("task_loop_left_behind", level="error")

    def submit(self, runs: list[Run]) -> None:
        self._call(self._slots.take, runs)

    def release_waiting(self, reason: str) -> None:
        self._call(self._slots.release_waiting, reason)

    def cancel(self, runs: Iterable[Run], verdict: Outcome | None) -> None:
        """End these and report `verdict` for each; None: report nothing."""
        self._call(self._slots.cancel, runs, verdict)

    def cancel_all(self, verdict: Outcome | None) -> None:
        """The same for every run that has not ended yet."""
        self._call(self._slots.cancel_all, verdict)

    @property
    def abandoned(self) -> int:
        """Runs that ignored their cancellation and go on without a slot."""
        return self._slots.abandoned

    def unreported(self) -> list[Run]:
        """What has ended and a blocked task loop cannot report."""
        return self._slots.unreported()

    def lag(self) -> float:
        """Seconds since the task loop was asked for a sign of life that it still owes; asks again when it owes none."""
        # Read once: the task thread may answer at any moment.
        if (asked := self._asked) is not None:
            return monotonic() - asked
        self._asked = monotonic()
        self._call(self._answer)
        return 0.0

    def doing(self) -> Doing:
        """What the task loop runs at this moment: to be asked while it is blocked."""
        frame = sys._current_frames().get(self._thread.ident or 0) if self._thread else None
        current = asyncio.current_task(self._tasks)
        return doing(self._slots.of(current), frame)

    def _ended_elsewhere(self, ended: list[tuple[Run, Outcome]]) -> None:
        self._call(self._slots.ended, ended)

    def _answer(self) -> None:
        self._asked = None

    def _call(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing runs that could be told anything
            self._tasks.call_soon_threadsafe(call, *arguments)

    # ------------------------------------------------------------------ on the task thread

    def _run(self) -> None:
        try:
            loop.run(self._main())
        finally:
            self._tell_io(self._over.set)

    async def _main(self) -> None:
        self._tasks = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        self._slots = Slots(
            self._size, self._handlers, _Across(self._tell_io, self._processes), self._hand_back, self._on_progress
        )
        self._tell_io(self._ready.set)
        await self._leave.wait()
        self._slots.cancel_all(None)

    def _hand_back(self, started: list[Run], ended: list[Run]) -> None:
        self._tell_io(self._report, started, ended)

    def _tell_io(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the I/O loop is closed: this thread was left behind
            self._io.call_soon_threadsafe(call, *arguments)


class _Across:
    """The way from the slots to the processes, which are on the other loop."""

    def __init__(self, tell_io: Callable[..., None], processes: Processes) -> None:
        self._tell_io, self._processes = tell_io, processes

    def begin(self, runs: list[Run]) -> None:
        self._tell_io(self._processes.begin, runs)

    def kill(self, runs: list[Run]) -> None:
        self._tell_io(self._processes.kill, runs)
