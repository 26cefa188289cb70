"""A coroutine that blocks the task loop for a while: noticed, named, and told when it is over."""

from dataclasses import dataclass

from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.worker.doing import Doing
from cluster.worker.executor import Executor

LOOK_SECONDS = 0.25
BLOCKED_SECONDS = 1.0
"""How long the task loop may owe a sign of life before we say who blocks it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Who blocked the task loop, and for how many seconds so far."""

    doing: Doing
    seconds: float


NONE = Incident(Doing(), 0.0)


class BlockedLoop:
    """Looks at the task loop from the I/O loop. One line when it is blocked, one when it is free again.

    What holds Python's lock as well (a C function that never lets go of it) blocks us, too: that is seen afterwards.

    State: the incident that goes on, and the longest that is over and was not told with a heartbeat yet.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._present = NONE
        self._past = NONE
        self._ticker = Ticker("blocked loop", LOOK_SECONDS, self.step)

    def __repr__(self) -> str:
        return f"<BlockedLoop by={self._present.doing.command!r} seconds={self._present.seconds:.1f}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    @property
    def present(self) -> Incident:
        """The incident that goes on, if any."""
        return self._present

    def latest(self) -> Incident:
        """The one that goes on, else the longest since this was last asked."""
        past, self._past = self._past, NONE
        return past if self._present is NONE else self._present

    async def step(self) -> None:
        lag = self._executor.lag()
        # A lag that shrinks is another question than the one that was not answered: that has been, meanwhile.
        if self._present is not NONE and lag < self._present.seconds:
            self._end()
        if lag >= BLOCKED_SECONDS:
            self._go_on(lag)

    def _go_on(self, seconds: float) -> None:
        if self._present is not NONE:
            self._present = Incident(self._present.doing, seconds)
            return
        self._present = Incident(doing := self._executor.doing(), seconds)
        telemetry.emit(
            "task_loop_blocked",
            level="warning",
            command=doing.command,
            task_id=doing.task_id or None,
            seconds=round(seconds, 1),
            where=list(doing.stack),
        )

    def _end(self) -> None:
        over, self._present = self._present, NONE
        telemetry.emit("task_loop_free", command=over.doing.command, seconds=round(over.seconds, 1))
        if over.seconds > self._past.seconds:
            self._past = over
