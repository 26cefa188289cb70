"""How soon what a fault interrupted ran again: for `stuck`, and as figures for the report."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from tests.chaos.checks.disruptions import Disruption, disruptions_of
from tests.chaos.checks.executions import SECOND, Execution, executions_of, last_words, workers_of
from tests.chaos.history import History


@dataclass(frozen=True, slots=True)
class Interruption:
    """A run that a fault of its worker ended. `again`: the next one of its task, elsewhere or in another life."""

    execution: Execution
    by: Disruption
    again: Execution | None
    others: tuple[Execution, ...]

    @property
    def seconds(self) -> float | None:
        """From the beginning of the fault until the task ran again."""
        return None if self.again is None else (self.again.started - self.by.begin) / SECOND


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds to rescue after one kind of fault."""

    count: int
    p50: float
    max: float


def interruptions_of(history: History) -> list[Interruption]:
    """Every run that a fault of its worker kept from its end, or so long that its task was begun elsewhere."""
    executions = executions_of(history)
    hits: defaultdict[str, list[Disruption]] = defaultdict(list)
    for disruption in disruptions_of(history, workers_of(executions.values())):
        for worker in disruption.workers or ():
            hits[worker].append(disruption)
    words = last_words(history)
    found = (
        _interruption(run, runs, hits[run.process], words[run.pid])
        for runs in executions.values()
        for run in runs
        if hits[run.process]
    )
    return [one for one in found if one is not None]


def figures(history: History) -> Mapping[str, Figures]:
    """By fault; a fault that interrupted nothing, or after which nothing had to run again, is not there."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for one in interruptions_of(history):
        if one.seconds is not None:
            seconds[one.by.fault].append(one.seconds)
    return {fault: Figures(len(some), median(some), max(some)) for fault, some in seconds.items()}


def _interruption(run: Execution, runs: list[Execution], hits: list[Disruption], last_word: int) -> Interruption | None:
    by = _ender(run, hits, last_word)
    others = tuple(other for other in runs if other is not run)
    if by is None or any(run.started < other.started < by.begin for other in others):
        return None
    again = next((other for other in others if other.started > by.begin), None)
    if run.ended is not None and (again is None or again.started > run.ended):
        return None
    return Interruption(run, by, again, others)


def _ender(run: Execution, hits: list[Disruption], last_word: int) -> Disruption | None:
    """The first fault during this run after which its process was not heard again; else the first there was."""
    during = [hit for hit in hits if hit.end >= run.started and (run.ended is None or hit.begin < run.ended)]
    return next((hit for hit in during if hit.begin >= last_word), during[0] if during else None)
