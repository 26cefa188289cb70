"""A coroutine that blocks the task loop beyond its timeout: nothing on that loop can be cancelled any more."""

import asyncio

from cluster.core.errors import TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.worker.leases import Leases

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 5.0
"""How long the loop may owe a sign of life, and a run may be past its timeout, before we give the loop up."""


class StuckLoop:
    """Gives the task loop up when it is stuck: the run past its timeout fails, the others are given back.

    A thread cannot be killed, so the process has to end then; its supervisor starts another. State: whether it is so.
    """

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._found = asyncio.Event()
        self._ticker = Ticker("stuck loop", LOOK_SECONDS, self.step)

    def __repr__(self) -> str:
        return f"<StuckLoop found={self._found.is_set()}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def wait(self) -> None:
        """Returns when the loop was given up."""
        await self._found.wait()

    def check(self) -> None:
        """Raises TaskMasterError when the loop was given up."""
        if self._found.is_set():
            raise TaskMasterError("a coroutine blocked the event loop of this worker beyond its timeout")

    async def step(self) -> None:
        if self._found.is_set() or self._leases.executor.lag() < PATIENCE_SECONDS:
            return
        overdue = self._leases.overdue(PATIENCE_SECONDS)
        if overdue:
            commands = sorted({run.command for run in overdue})
            telemetry.emit("task_loop_stuck", level="error", blocked_by=self._leases.executor.doing(), overdue=commands)
            self._leases.give_up_loop(overdue)
            self._found.set()
