"""What a run was like and what was found, for people and as JSON. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tests.chaos.cast import role_of
from tests.chaos.checks.rescue import figures
from tests.chaos.checks.violation import Violation
from tests.chaos.history import Fault, History, Memory, Ok, Start
from tests.chaos.schedule import Planned
from tests.chaos.tables import Tables

CRASH = re.compile("(crash|deadly|block)")
"""Faults that a process or a handler does to itself."""
SHOWN = 20
"""Violations of one rule that are printed; the file has all."""


class Rescue(msgspec.Struct, frozen=True):
    """Seconds from a fault until what it interrupted ran again."""

    count: int
    p50: float
    max: float


class Memories(msgspec.Struct, frozen=True):
    """MiB of the largest process of a role."""

    baseline: float
    most: float
    final: float


@dataclass(frozen=True)
class Ran:
    """What the run tells of itself. `ends`: how often a role ended with an exit code, workers not among them."""

    command: str
    seconds: float
    planned: Sequence[Planned]
    ends: Mapping[str, int]
    problems: Sequence[str]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`lost`, `accepted_twice`: tasks; `run_again`: executions beyond the first of each task; `crashes`: hits of crash
    points; `problems`: what else went wrong; `seconds`: from the first process to the last."""

    command: str
    seconds: float
    tasks: int
    acknowledged: int
    executions: int
    run_again: int
    lost: int
    accepted_twice: int
    states: dict[str, int]
    faults: dict[str, int]
    crashes: dict[str, int]
    ends: dict[str, int]
    rescues: dict[str, Rescue]
    memory: dict[str, Memories]
    violations: dict[str, list[str]]
    problems: list[str]

    @property
    def good(self) -> bool:
        return not self.violations and not self.problems

    def text(self) -> str:
        """As it is printed."""
        rescued = ", ".join(
            f"{name} {each.p50:.2f}/{each.max:.2f} ({each.count})" for name, each in self.rescues.items()
        )
        memory = ", ".join(
            f"{role} {each.baseline:.0f}/{each.most:.0f}/{each.final:.0f}" for role, each in self.memory.items()
        )
        lines = [
            f"tasks              {self.tasks} ({_listed(self.states)})",
            f"acknowledged       {self.acknowledged}",
            f"executions         {self.executions}, {self.run_again} of them again",
            f"lost               {self.lost}",
            f"accepted twice     {self.accepted_twice}",
            f"faults             {sum(self.faults.values())} ({_listed(self.faults)})",
            f"crash points hit   {sum(self.crashes.values())} ({_listed(self.crashes)})",
            f"ended with         {_listed(self.ends)}",
            f"rescue p50/max s   {rescued}",
            f"MiB first/most/end {memory}",
            f"seconds            {self.seconds:.0f}",
            *(f"PROBLEM {problem}" for problem in self.problems),
            *self._violations(),
            f"replay: {self.command}",
            "nothing was violated" if self.good else "VIOLATED",
        ]
        return "\n".join(lines)

    def _violations(self) -> list[str]:
        shown = []
        for rule, found in self.violations.items():
            shown += [f"VIOLATION {text}" for text in found[:SHOWN]]
            if len(found) > SHOWN:
                shown.append(f"VIOLATION {rule}: {len(found) - SHOWN} more")
        return shown


def report_of(ran: Ran, history: History, tables: Tables, violations: Sequence[Violation]) -> Report:
    """The report of a run that is over."""
    by_rule: defaultdict[str, list[str]] = defaultdict(list)
    for violation in violations:
        by_rule[violation.rule].append(str(violation))
    started = [start.task_id for start in history.of_kind(Start)]
    return Report(
        command=ran.command,
        seconds=ran.seconds,
        tasks=len({row.id for row in tables.rows}),
        acknowledged=len({id_ for ok in history.of_kind(Ok) if ok.op == "enqueue" for id_ in ok.task_ids}),
        executions=len(started),
        run_again=len(started) - len(set(started)),
        lost=len(by_rule["lost"]) if "lost" in by_rule else 0,
        accepted_twice=len(by_rule["twice"]) if "twice" in by_rule else 0,
        states=dict(Counter(row.state.name.lower() for row in tables.rows)),
        faults=dict(Counter(each.fault for each in ran.planned).most_common()),
        crashes=_crashes(history),
        rescues={name: Rescue(each.count, each.p50, each.max) for name, each in figures(history).items()},
        memory=_memory(history),
        violations=dict(by_rule),
        ends=dict(ran.ends),
        problems=list(ran.problems),
    )


def _crashes(history: History) -> dict[str, int]:
    hits = [fault for fault in history.of_kind(Fault) if fault.phase == "begin" and CRASH.match(fault.fault)]
    return dict(Counter(f"{role_of(fault.target)} {fault.fault}" for fault in hits).most_common())


def _memory(history: History) -> dict[str, Memories]:
    largest: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for memory in history.of_kind(Memory):
        sizes = largest[role_of(memory.target)]
        sizes[memory.phase] = max(sizes[memory.phase], memory.rss_bytes)
    return {
        role: Memories(*(sizes[phase] / 2**20 for phase in ("baseline", "sample", "final")))
        for role, sizes in sorted(largest.items())
    }


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
