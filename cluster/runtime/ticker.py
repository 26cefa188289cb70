"""The one periodic loop: `step()` every interval, or sooner when woken."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from cluster.core.errors import TaskMasterError
from cluster.runtime import telemetry

Step = Callable[[], Awaitable[float | None]]


class Ticker:
    """Calls `step` until stopped; a number that `step` returns is the pause before its next turn, not `interval`.

    An error is an event, never the end of the loop: the next turn comes after a pause that doubles up to `worst_pause`.
    State: the task that runs the loop, whether it is wanted, the event that ends a pause early, and how many turns
    failed in a row.
    """

    def __init__(self, name: str, interval: float, step: Step, *, worst_pause: float = 5.0) -> None:
        self.name = name
        self.interval = interval
        self.step = step
        self._worst_pause = worst_pause
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._wanted = False
        self._failures = 0

    def __repr__(self) -> str:
        state = "running" if self._task and not self._task.done() else "stopped"
        return f"<Ticker {self.name} {state} failures={self._failures}>"

    def wake(self) -> None:
        """End the present pause; a wake-up that comes during a step makes another step follow at once."""
        self._woken.set()

    async def start(self) -> None:
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Cancels the step in progress. A step may stop its own ticker: it is then the last one, not cancelled."""
        self._wanted = False
        self._woken.set()
        task = self._task
        if task is None or task is asyncio.current_task():
            return
        task.cancel()
        # Not `await task` with CancelledError suppressed: that would swallow the cancellation of whoever stops us.
        await asyncio.wait({task})

    async def _run(self) -> None:
        # Asked before each turn, because a step can swallow the cancellation that was meant to end the loop.
        while self._wanted:
            self._woken.clear()
            pause = await self._turn()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _turn(self) -> float:
        try:
            pause = await self.step()
        except TaskMasterError as error:
            return self._failed(error, unexpected=False)
        except Exception as error:  # noqa: BLE001 - an error in a loop is an event, never silence
            return self._failed(error, unexpected=True)
        if self._failures:
            telemetry.emit("loop_goes_on", loop=self.name, failures=self._failures)
        self._failures = 0
        return self.interval if pause is None else pause

    def _failed(self, error: Exception, *, unexpected: bool) -> float:
        self._failures += 1
        # The 1st, 2nd, 4th, 8th … in a row is told, each is counted: an hour without PostgreSQL is a few lines.
        if unexpected or self._failures & (self._failures - 1) == 0:
            reason = error if unexpected else None
            telemetry.emit(
                "loop_failed", level="error", loop=self.name, error=str(error), failures=self._failures, exc_info=reason
            )
        else:
            telemetry.tally("loop_failed")
        return min(self._worst_pause, 0.05 * 2.0 ** min(self._failures, 10))
