"""Slots with functions of the test: what it gives them and what they report."""

import asyncio
from typing import Any
from uuid import uuid4

from cluster.core.outcome import Outcome
from cluster.worker.invoke import Prepared
from cluster.worker.progress import unheard
from cluster.worker.registry import Handler
from cluster.worker.run import Run
from cluster.worker.slots import Slots
from tests.fixtures.eventually import eventually
from tests.worker.processes import Processes


class Bench:
    """Slots with functions of the test, and everything they report."""

    def __init__(self, slots: int, **functions: Any) -> None:
        handlers = {name: Prepared(Handler(name, function)) for name, function in functions.items()}
        self.started: list[Run] = []
        self.ended: list[Run] = []
        self.processes = Processes()
        self.slots = Slots(slots, handlers, self.processes, self._report)
        self.processes.listen(self.slots.ended, unheard)

    def _report(self, started: list[Run], ended: list[Run]) -> None:
        self.started.extend(started)
        self.ended.extend(ended)

    def give(self, command: str, count: int = 1, **fields: Any) -> list[Run]:
        runs = [Run(uuid4().bytes, 1, command, b"{}", 1, **fields) for _ in range(count)]
        self.slots.take(runs)
        return runs

    async def all_ended(self, runs: list[Run]) -> list[Outcome | None]:
        await eventually(lambda: all(run in self.ended for run in runs))
        return [run.outcome for run in runs]


async def forever() -> None:
    await asyncio.Event().wait()


async def nothing() -> None: ...
