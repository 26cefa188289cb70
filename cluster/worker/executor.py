"""The task thread: an event loop of its own for user code, seen from the I/O loop."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from time import monotonic
from typing import Any

from cluster.core.outcome import Outcome
from cluster.runtime import loop, telemetry
from cluster.worker.invoke import Prepared
from cluster.worker.run import Run
from cluster.worker.slots import Report, Slots

InProcess = Callable[[Run], Coroutine[Any, Any, Outcome]]

STOP_SECONDS = 3.0
"""How long stopping waits for a task thread that user code may block; a daemon thread ends with the process."""


class Executor:
    """Runs what is submitted on another thread; `report(started, ended)` is called on the I/O loop.

    Everything crosses in batches: one wake-up of the other loop for each, in either direction.

    State: both loops, the slots (which only the task thread touches), when the task loop was last asked for a sign of
    life, and two generations: the I/O loop's, and the one that the task thread has got to. What comes back from an
    older generation was dropped while it was on its way.
    """

    def __init__(self, slots: int, handlers: Mapping[str, Prepared], in_process: InProcess, report: Report) -> None:
        self._size, self._handlers, self._in_process, self._report = slots, handlers, in_process, report
        self._thread: threading.Thread | None = None
        self._asked: float | None = None
        self._generation = self._stamp = 0
        self._ready, self._over = asyncio.Event(), asyncio.Event()
        self._io: asyncio.AbstractEventLoop
        self._tasks: asyncio.AbstractEventLoop
        self._slots: Slots

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

    def cancel(self, runs: list[Run], verdict: Outcome | None) -> None:
        self._call(self._slots.cancel, runs, verdict)

    def cancel_all(self, verdict: Outcome) -> None:
        self._call(self._slots.cancel_all, verdict)

    def drop(self) -> None:
        """End everything and report none of it, not even what has ended already and is on its way."""
        self._generation += 1
        self._call(self._drop, self._generation)

    def lag(self) -> float:
        """Seconds since the task loop was asked for a sign of life that it still owes; asks again when it owes none."""
        if self._asked is not None:
            return monotonic() - self._asked
        self._asked = monotonic()
        self._call(self._answer)
        return 0.0

    def doing(self) -> str:
        """The command that the task loop runs at this moment, "" when it is between two."""
        current = asyncio.current_task(self._tasks)
        return current.get_name() if current else ""

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
        self._slots = Slots(self._size, self._handlers, self._elsewhere, self._hand_back)
        self._tell_io(self._ready.set)
        await self._leave.wait()
        self._slots.drop()

    def _drop(self, generation: int) -> None:
        self._stamp = generation
        self._slots.drop()

    def _elsewhere(self, run: Run) -> Awaitable[Outcome]:
        """Child processes belong to the I/O loop: their timeouts hold even while a coroutine blocks this one."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._in_process(run), self._io))

    def _hand_back(self, started: list[Run], ended: list[Run]) -> None:
        self._tell_io(self._take_back, self._stamp, started, ended)

    def _tell_io(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the I/O loop is closed: this thread was left behind
            self._io.call_soon_threadsafe(call, *arguments)

    # ------------------------------------------------------------------ on the I/O loop

    def _take_back(self, generation: int, started: list[Run], ended: list[Run]) -> None:
        if generation == self._generation:
            self._report(started, ended)
