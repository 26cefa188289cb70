"""What only the leader does: promote what is due, rescue what expired, unpark, fold counters, keep history and figures,
see to paused queues."""

from collections.abc import Awaitable, Callable

from cluster.coordinator.elector import Elector
from cluster.coordinator.pauses import LOOK, Pauses
from cluster.coordinator.rescues import Rescues
from cluster.coordinator.sampler import Sampler
from cluster.core.errors import RowsLocked
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store import commands, counters, due, history, leases, orders, samples, sessions
from cluster.store.pool import Connection, Pool, connected

PROMOTE = 1_000
"""Tasks in one promotion."""
LOOK_FOR_DUE = 1.0
"""Seconds after which the promoter looks by itself; it sleeps shorter when a task is due sooner, or when woken."""
SWEEP = 60.0
"""Seconds between two looks for leases of sessions that were cleared: there should be none."""
DAYS_AHEAD = 3
"""Partitions of the history made in advance."""

HISTORY, HISTORY_LOCKED = 3600.0, 60.0
"""Seconds between two looks after history; until the next try where somebody holds it, who may not be waited for."""

Duty = Callable[[Connection, int], Awaitable[float | None]]


class Duties:
    """Tickers that rest while another coordinator leads. `woken` is called when tasks became ready, `came_back` when
    they are so again.

    `patience`: seconds that a new leader, or PostgreSQL after an outage, gives the workers to be heard again before
    sessions that expired are ended: their workers may be alive, and run their tasks.
    """

    def __init__(
        self,
        pool: Pool,
        elector: Elector,
        rescues: Rescues,
        woken: Callable[[], None],
        came_back: Callable[[], None],
        *,
        patience: float,
        history_days: int,
    ) -> None:
        self._pool = pool
        self._elector = elector
        self._rescues = rescues
        self._woken, self._came_back = woken, came_back
        self._patience = patience
        self._history_days = history_days
        self._promoter = self._ticker("promoter", LOOK_FOR_DUE, self._promote)
        self._tickers = [
            self._promoter,
            self._ticker("rescuer", 1.0, self._rescue),
            self._ticker("sweeper", SWEEP, self._sweep),
            self._ticker("unparker", 1.0, self._unpark),
            self._ticker("folder", 1.0, self._fold),
            self._ticker("pauser", LOOK, Pauses(came_back).step),
            self._ticker("sampler", samples.PERIOD, Sampler().step),
            self._ticker("historian", HISTORY, self._keep_history),
        ]

    def __repr__(self) -> str:
        return f"<Duties {self._elector!r}>"

    async def start(self) -> None:
        for ticker in self._tickers:
            await ticker.start()

    async def stop(self) -> None:
        for ticker in self._tickers:
            await ticker.stop()

    def wake(self) -> None:
        """A task may be due sooner than the promoter thinks, or this coordinator has just become the leader."""
        self._promoter.wake()

    def wake_all(self) -> None:
        for ticker in self._tickers:
            ticker.wake()

    def _ticker(self, name: str, interval: float, duty: Duty) -> Ticker:
        async def step() -> float | None:
            leadership = self._elector.leadership
            if not leadership.leading:
                return None
            async with connected(self._pool) as connection:
                return await duty(connection, leadership.epoch)

        return Ticker(name, interval, step, worst_pause=2.0)

    async def _promote(self, connection: Connection, epoch: int) -> float | None:
        promotion = await due.promote(connection, epoch, PROMOTE)
        if promotion.promoted:
            self._woken()
        if promotion.promoted >= PROMOTE:
            return 0.0
        return LOOK_FOR_DUE if promotion.next_due is None else min(LOOK_FOR_DUE, max(0.0, promotion.next_due))

    async def _rescue(self, connection: Connection, epoch: int) -> float | None:
        if self._elector.led_for() < self._patience:
            return None
        rescued = await sessions.end_expired(connection, epoch, "its session expired")
        if rescued:
            self._rescues.tell(rescued)
            self._came_back()
        return None

    async def _sweep(self, connection: Connection, epoch: int) -> float | None:
        if found := await sessions.sweep(connection, epoch):
            telemetry.emit("late_leases", level="warning", sessions=found)
        return None

    async def _unpark(self, connection: Connection, epoch: int) -> float | None:
        if await leases.unpark(connection, epoch, PROMOTE):
            self._came_back()
            return 0.0
        return None

    async def _fold(self, connection: Connection, epoch: int) -> float | None:
        await counters.fold(connection, epoch)
        return None

    async def _keep_history(self, connection: Connection, epoch: int) -> float | None:
        held = await self._keep_partitions(connection, epoch)
        await sessions.forget_ended(connection, epoch, self._history_days)
        await orders.forget_settled(connection, epoch, self._history_days)
        await commands.forget(connection, epoch)
        await samples.forget(connection, epoch)
        return HISTORY_LOCKED if held else None

    async def _keep_partitions(self, connection: Connection, epoch: int) -> bool:
        """Whether somebody holds history, a backup perhaps, and something is left to be done."""
        try:
            await history.ensure_partitions(connection, epoch, DAYS_AHEAD)
            for partition in await history.prune(connection, epoch, self._history_days):
                telemetry.emit("partition_dropped", partition=partition)
        except RowsLocked as error:
            telemetry.emit("history_held", level="warning", error=error.detail)
            return True
        return False
