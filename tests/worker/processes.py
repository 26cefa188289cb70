"""Stand-ins for child processes, and ways to wait for the outcome of one run."""

import asyncio
from collections.abc import Callable

from cluster.core.outcome import Failed, Outcome
from cluster.worker.children import Children
from cluster.worker.invoke import Prepared
from cluster.worker.progress import OnProgress, unheard
from cluster.worker.run import Run


class Processes:
    """Runs nothing: every run goes on until the test ends it, or it is killed. State: what goes on, in order."""

    def __init__(self) -> None:
        self.running: list[Run] = []
        self.told: Callable[[list[tuple[Run, Outcome]]], None]

    def listen(self, ended: Callable[[list[tuple[Run, Outcome]]], None], _on_progress: OnProgress) -> None:
        self.told = ended

    def begin(self, runs: list[Run]) -> None:
        self.running.extend(runs)

    def kill(self, runs: list[Run]) -> None:
        self.end([run for run in runs if run in self.running], Failed("it was killed"))

    def end(self, runs: list[Run], outcome: Outcome) -> None:
        self.running = [run for run in self.running if run not in runs]
        self.told([(run, outcome) for run in runs])


async def outcome_of(prepared: Prepared, run: Run, on_progress: OnProgress = unheard) -> Outcome:
    """What becomes of a coroutine on this loop."""
    outcomes: list[Outcome] = []
    await prepared.run(run, on_progress, lambda _run, outcome: outcomes.append(outcome))
    (outcome,) = outcomes
    return outcome


class Called:
    """Children, and what they told of each run. State: who waits for which run."""

    def __init__(self, children: Children) -> None:
        self.children = children
        self._waiting: dict[Run, asyncio.Future[Outcome]] = {}
        children.listen(self._take, unheard)

    def __repr__(self) -> str:
        return repr(self.children)

    async def run(self, run: Run, on_progress: OnProgress = unheard) -> Outcome:
        """Have it run; killed when this is cancelled."""
        self.children.listen(self._take, on_progress)
        self._waiting[run] = asyncio.get_running_loop().create_future()
        self.children.begin([run])
        try:
            return await self._waiting[run]
        except asyncio.CancelledError:
            self.children.kill([run])
            raise

    def _take(self, ended: list[tuple[Run, Outcome]]) -> None:
        for run, outcome in ended:
            waiting = self._waiting.pop(run)
            if not waiting.done():
                waiting.set_result(outcome)
