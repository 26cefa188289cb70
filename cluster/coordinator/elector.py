"""The elector: one coordinator leads, by the database clock, for a few seconds at a time."""

import time
from collections.abc import Callable

from cluster.core.errors import TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store import leadership as store
from cluster.store.pool import Pool, connected

TERM = 2.0
"""Seconds a leader may be silent before another takes over."""


class Elector:
    """State: whether this coordinator leads, in which epoch, since when, and when that was last confirmed (monotonic).

    Every write of a leader names its epoch, and PostgreSQL refuses it when that is over: what is remembered here only
    saves useless statements.
    """

    def __init__(self, pool: Pool, coordinator_id: str, on_elected: Callable[[], None]) -> None:
        self._pool = pool
        self._coordinator_id = coordinator_id
        self._on_elected = on_elected
        self._ticker = Ticker("elector", TERM / 3, self.step, worst_pause=1.0)
        self.leadership = store.Leadership(leading=False, epoch=0)
        self._since = self._confirmed = float("-inf")

    def __repr__(self) -> str:
        return f"<Elector {self.leadership}>"

    def led_for(self) -> float:
        """Seconds for which it has led without a break; 0 after an outage, when this process was frozen, and when the
        database clock was put forward: every session looks expired then."""
        now = time.monotonic()
        leads = self.leadership.leading and now - self._confirmed <= TERM
        return now - self._since if leads else 0.0

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        """Resign, so that another takes over at once."""
        await self._ticker.stop()
        held, self.leadership = self.leadership, store.Leadership(leading=False, epoch=0)
        if held.leading:
            try:
                async with connected(self._pool) as connection:
                    await store.resign(connection, self._coordinator_id, held.epoch)
            except TaskMasterError as error:
                telemetry.emit("resign_failed", level="warning", error=error.detail)

    async def step(self) -> None:
        """Take, keep or look for leadership."""
        before, asked = self.leadership, time.monotonic()
        try:
            async with connected(self._pool) as connection:
                self.leadership = await store.elect(connection, self._coordinator_id, TERM)
        except TaskMasterError:
            self.leadership = store.Leadership(leading=False, epoch=0)
            raise
        if not before.leading or self.leadership.late or asked - self._confirmed > TERM:
            self._since = asked
        self._confirmed = asked
        if self.leadership.leading and self.leadership.epoch != before.epoch:
            telemetry.emit("leader_elected", coordinator=self._coordinator_id, epoch=self.leadership.epoch)
            self._on_elected()
