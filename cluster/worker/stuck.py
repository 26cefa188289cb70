"""A task loop that is beyond help: blocked past a timeout, or full of coroutines that ignore their cancellation."""

import asyncio

from cluster.core.errors import TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.worker.leases import Leases

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 5.0
"""How long the loop may owe a sign of life, and a run may be past its timeout, before we give the loop up."""
ABANDONED_MAX = 200
"""Coroutines that may go on after their run was abandoned. They hold memory, and nothing else bounds them."""

_BLOCKED = "a coroutine blocked the event loop of this worker beyond its timeout"
_ABANDONED = f"{ABANDONED_MAX} coroutines ignored their cancellation and still run"


class StuckLoop:
    """Gives the task loop up: when it is blocked, the run past its timeout fails and the others are given back.

    A thread cannot be killed, so the process has to end then; its supervisor starts another. State: why, once it is so.
    """

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._reason = ""
        self._found = asyncio.Event()
        self._ticker = Ticker("stuck loop", LOOK_SECONDS, self.step)

    def __repr__(self) -> str:
        return f"<StuckLoop {self._reason or 'not stuck'}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def wait(self) -> None:
        """Returns when the loop was given up."""
        await self._found.wait()

    def check(self) -> None:
        """Raises TaskMasterError when the loop was given up."""
        if self._reason:
            raise TaskMasterError(self._reason)

    async def step(self) -> None:
        executor = self._leases.executor
        if self._reason:
            return
        if executor.abandoned >= ABANDONED_MAX:
            telemetry.emit("task_loop_littered", level="error", abandoned=executor.abandoned)
            self._give_up(_ABANDONED)
        elif executor.lag() >= PATIENCE_SECONDS and (overdue := self._leases.overdue(PATIENCE_SECONDS)):
            commands = sorted({run.command for run in overdue})
            telemetry.emit("task_loop_stuck", level="error", blocked_by=executor.doing().command, overdue=commands)
            self._leases.give_up_loop(overdue)
            self._give_up(_BLOCKED)

    def _give_up(self, reason: str) -> None:
        self._reason = reason
        self._found.set()
