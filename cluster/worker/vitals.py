"""How this process is doing: its memory, and how late its loops are."""

import time
from collections.abc import Callable

import psutil

from cluster.runtime.ticker import Ticker
from cluster.worker.blocked import Incident
from cluster.worker.session import Health

LOOK_SECONDS = 0.5


class Vitals:
    """Looks twice a second whether the I/O loop is late, and asks for a sign of life from the task loop.

    `task_lag`: seconds for which the task loop owes one. `blocked`: who blocks it, or did since this was last asked.
    State: the worst lag since it was last told.
    """

    def __init__(self, task_lag: Callable[[], float], blocked: Callable[[], Incident]) -> None:
        self._task_lag, self._blocked = task_lag, blocked
        self._process = psutil.Process()
        self._worst = 0.0
        self._looked: float | None = None
        self._ticker = Ticker("vitals", LOOK_SECONDS, self.step)

    def __repr__(self) -> str:
        return f"<Vitals worst={self._worst:.3f}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def step(self) -> None:
        now = time.monotonic()
        late = 0.0 if self._looked is None else now - self._looked - LOOK_SECONDS
        self._looked = now
        self._worst = max(self._worst, late, self._task_lag())

    def health(self) -> Health:
        """What a heartbeat tells: the memory now, and the worst since the last heartbeat."""
        worst, self._worst = self._worst, 0.0
        incident = self._blocked()
        return Health(self._process.memory_info().rss, worst, incident.doing.command, incident.seconds)
