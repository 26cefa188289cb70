"""The sampler: notes a moment of the totals every other second, and how long tasks waited that began meanwhile."""

import time

from cluster.core.duty_cycle import DutyCycle
from cluster.store import samples
from cluster.store.pool import Connection

SHARE, LONGEST = 0.02, 60.0
"""Of the time, and seconds: for looking at what runs, which is dear while dead entries cannot be cleared away."""


class Sampler:
    """State: when to look at what runs again; in between, only what has finished tells how long tasks waited."""

    def __init__(self) -> None:
        self._looks = DutyCycle(SHARE, LONGEST)

    async def step(self, connection: Connection, epoch: int) -> float:
        """Note this moment, if `epoch` leads; the seconds until the next."""
        began = time.monotonic()
        running = self._looks.due(began)
        try:
            return await samples.take(connection, epoch, running=running)
        finally:
            # One that was cut short has taken its time, too.
            if running:
                self._looks.took(began, time.monotonic())
