"""Strays: leases that PostgreSQL holds for a worker here and that nobody here knows of.

The answer to a claim may get lost with its connection after COMMIT; another coordinator may have claimed for a session
until it noticed that we had adopted it. Nobody would ever run or report such a task while its session lives, so it is
given back. A lease that is still on its way to us is younger than AGE.
"""

import time
from collections.abc import Callable

from cluster.coordinator.feed import Feed, TaskNews
from cluster.coordinator.sessions import Sessions
from cluster.core.duty_cycle import DutyCycle
from cluster.core.events import EventName
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store import sessions as store
from cluster.store.leases import Held, release
from cluster.store.pool import Pool, connected

AGE = 10.0
"""Seconds after which a claim has been answered or never will be."""
SHARE, LONGEST = 0.02, 60.0
"""Of the time, and seconds between two looks: dear while dead entries of what was held cannot be cleared away."""


class Strays:
    """State: how long the looks rest. `woken` is called when tasks became ready."""

    def __init__(self, pool: Pool, sessions: Sessions, feed: Feed, woken: Callable[[], None]) -> None:
        self._pool = pool
        self._sessions = sessions
        self._feed = feed
        self._woken = woken
        self._looks = DutyCycle(SHARE, LONGEST)
        self._ticker = Ticker("strays", AGE / 2, self.step, worst_pause=AGE / 2)

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def step(self) -> None:
        """Give back every stray lease that is older than AGE, if the looks have rested. Raises StoreUnavailable."""
        ids = [session.session_id for session in self._sessions.all()]
        began = time.monotonic()
        if not ids or not self._looks.due(began):
            return
        async with connected(self._pool) as connection:
            try:
                held = await store.held_for(connection, ids, AGE)
            finally:
                # One that was cut short has taken its time, too.
                self._looks.took(began, time.monotonic())
            strays = [lease for lease in held if not self._sessions.know(lease)]
            if strays:
                released = await release(connection, [Held(lease.task_id, lease.token) for lease in strays])
                self._tell([lease for lease in strays if lease.task_id in released])

    def _tell(self, released: list[store.OldLease]) -> None:
        telemetry.emit("leases_strayed", level="warning", count=len(released))
        self._feed.tell_tasks(EventName.TASK_RELEASED, released, _news, level="warning")
        self._woken()


def _news(lease: store.OldLease) -> TaskNews:
    return TaskNews(str(lease.task_id), "", "Given back: its lease never reached a worker")
