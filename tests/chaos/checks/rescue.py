"""How soon what a fault interrupted ran again: for `stuck`, and as figures for the report."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from cluster.core.task import ISOLATE_FROM
from tests.chaos.checks.disruptions import Disruption, calm, disruptions_of
from tests.chaos.checks.executions import SECOND, Execution, executions_of, last_words, workers_of
from tests.chaos.checks.limits import Limits
from tests.chaos.history import History, Invoke

AT_ONCE = Limits(recovery=2.0, unbegun=0.0, ordered=0.0)
"""What counts as another fault: one that is on, or that was on two seconds ago and hit what everybody needs."""


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

    def before(self, t: int) -> bool:
        """Whether it lasted until `t`."""
        return self.again is None or t < self.again.started


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds to rescue after one kind of fault."""

    count: int
    p50: float
    max: float


def interruptions_of(history: History) -> list[Interruption]:
    """Every run that a fault of its worker kept from its end, or so long that its task was begun elsewhere.

    Not what came to its end by itself, as by a timeout, before its worker was hit: after that the attempt is another,
    or nothing follows, or only by hand.
    """
    executions = executions_of(history)
    hits: defaultdict[str, list[Disruption]] = defaultdict(list)
    for disruption in disruptions_of(history, workers_of(executions.values())):
        for worker in disruption.workers or ():
            hits[worker].append(disruption)
    words = last_words(history)
    by_hand = _by_hand(history)
    found: list[Interruption] = []
    for task_id, runs in executions.items():
        for run in runs:
            one = _interruption(run, runs, hits[run.process], words[run.pid])
            if one is not None and not any(run.started < t and one.before(t) for t in by_hand[task_id]):
                found.append(one)
    return found


def figures(history: History, limits: Limits = AT_ONCE) -> Mapping[str, Figures]:
    """By the first word of the fault; without those that interrupted nothing, or after which nothing had to run again.

    Apart from the rest: tasks that were interrupted before and have to wait until they can run alone, and rescues while
    something else was the matter, too.
    """
    workers = workers_of(executions_of(history).values())
    disruptions = disruptions_of(history, workers)
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    before: Counter[UUID] = Counter()
    for one in sorted(interruptions_of(history), key=lambda one: one.by.begin):
        before[one.execution.task_id] += 1
        if one.again is None or one.seconds is None:
            continue
        fault = one.by.fault.partition(" ")[0]
        others = [disruption for disruption in disruptions if disruption != one.by]
        if before[one.execution.task_id] >= ISOLATE_FROM:
            fault += " (to run alone)"
        elif calm(one.by.begin, one.again.started, others, limits) < one.seconds:
            fault += " (amid others)"
        seconds[fault].append(one.seconds)
    return {fault: Figures(len(some), median(some), max(some)) for fault, some in sorted(seconds.items())}


def _interruption(run: Execution, runs: list[Execution], hits: list[Disruption], last_word: int) -> Interruption | None:
    by = _ender(run, hits, last_word)
    others = tuple(other for other in runs if other is not run)
    if by is None or any(run.started < other.started < by.begin for other in others):
        return None
    again = next((other for other in others if other.started > by.begin), None)
    if again is not None and again.attempt != run.attempt:
        return None
    if run.ended is not None and (again is None or again.started > run.ended):
        return None
    return Interruption(run, by, again, others)


def _ender(run: Execution, hits: list[Disruption], last_word: int) -> Disruption | None:
    """The first fault during this run after which its process was not heard again; else the first there was."""
    during = [hit for hit in hits if hit.end >= run.started and (run.ended is None or hit.begin < run.ended)]
    return next((hit for hit in during if hit.begin >= last_word), during[0] if during else None)


def _by_hand(history: History) -> defaultdict[UUID, list[int]]:
    """When somebody wanted to have which task tried again."""
    found: defaultdict[UUID, list[int]] = defaultdict(list)
    for call in history.of_kind(Invoke):
        for task_id in call.task_ids if call.op == "retry" else ():
            found[task_id].append(call.t)
    return found
