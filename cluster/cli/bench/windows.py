"""Throughput and backlog over time, one window after the other."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cluster.cli.bench.figures import Chart
from cluster.cli.bench.server import Database
from cluster.store.bench import Look, look
from cluster.store.pool import connected

MOST = 60
"""Windows in one run."""
SHORTEST = 0.2


class Windows:
    """State: the looks so far, one at the end of each window."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._window = max(SHORTEST, seconds / MOST)
        self.looks: list[Look] = []

    def __repr__(self) -> str:
        return f"<Windows {len(self.looks)}>"

    @property
    def start(self) -> Look:
        return self.looks[0]

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look as long as the block lasts."""
        await self._see()
        over = asyncio.Event()
        task = asyncio.create_task(self._watch(over))
        try:
            yield
        finally:
            # Not cancelled: that would break the connection in the middle of a look.
            over.set()
            await asyncio.wait({task})
        task.result()

    async def _watch(self, over: asyncio.Event) -> None:
        begun = time.monotonic()
        while not over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(begun + len(self.looks) * self._window - time.monotonic()):
                    await over.wait()
                    return
            await self._see()

    async def _see(self) -> None:
        async with connected(self._database.pool) as connection:
            self.looks.append(await look(connection))

    def rates(self) -> list[float]:
        """Tasks finished per second in each window."""
        pairs = zip(self.looks, self.looks[1:], strict=False)
        return [(later.finished - sooner.finished) / (later.now - sooner.now) for sooner, later in pairs]

    def points(self) -> list[tuple[float | str, float]]:
        """The rates over the seconds at which their windows ended."""
        return [(seen.now - self.start.now, rate) for seen, rate in zip(self.looks[1:], self.rates(), strict=True)]

    def charts(self, title: str) -> list[Chart]:
        """Throughput, and the backlog."""
        backlog: list[tuple[float | str, float]] = [(seen.now - self.start.now, seen.waiting) for seen in self.looks]
        return [
            Chart(title, "s", "tasks/s", {"finished": self.points()}),
            Chart(f"{title}: backlog", "s", "tasks", {"waiting": backlog}),
        ]
