"""Faults as spans of time: which executions each may have touched, and how long nothing was the matter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.checks.executions import SECOND, Execution
from tests.chaos.checks.limits import Limits
from tests.chaos.history import Fault, History, Start

NO_EXCUSE = frozenset({"repeat", "skew", "crash"})
"""Outcomes told twice and a clock that is off must change nothing. A crash point that is set is no crash: one that is
hit writes that down itself, with its name behind the word."""
ORDERED = frozenset({"order-to-die", "scale"})
"""They take effect when the supervisor has heard of them."""

ALONE = "alone"
"""Not a fault: another task has a worker for itself, as after crashes, and those that need the same wait their turn."""

_NO_PART = re.compile(r"(edge|client)(\W|\d|$)")
"""By whatever befalls these, no execution is begun, ended or reported."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """A fault from its beginning to its end. `workers`: whom it hit; None: it may have touched every execution."""

    fault: str
    target: str
    begin: int
    end: int
    workers: frozenset[str] | None

    @property
    def harmless(self) -> bool:
        """Whether no execution can have noticed it."""
        return self.workers is not None and not self.workers

    def may_touch(self, process: str) -> bool:
        return self.workers is None or process in self.workers


def disruptions_of(history: History, workers: frozenset[str]) -> list[Disruption]:
    """In the order in which they began."""
    begun: dict[tuple[str, str, int], list[Fault]] = {}
    found: list[Disruption] = []
    for fault in history.of_kind(Fault):
        # Who wrote the end wrote the beginning, too: a worker that dies amid its own fault leaves that without an end.
        same = begun.setdefault((fault.fault, fault.target, fault.pid), [])
        if fault.phase == "begin":
            same.append(fault)
        elif same:
            found.append(_disruption(same.pop(0), fault.t, workers))
    endless = [fault for same in begun.values() for fault in same]
    found.extend(_disruption(fault, _end(fault, history), workers) for fault in endless)
    return sorted((one for one in found if one.fault not in NO_EXCUSE), key=lambda one: one.begin)


def touching(execution: Execution, disruptions: Iterable[Disruption], limits: Limits) -> list[Disruption]:
    """Those that may have kept this execution from being accepted.

    They hit before it began, and its lease was lost already; while it ran; or after its end, before that was told.
    """
    end = None if execution.ended is None else execution.ended + round(limits.unreported * SECOND)
    return [
        disruption
        for disruption in disruptions
        if disruption.may_touch(execution.process)
        and disruption.end + round(_aftermath(disruption, limits) * SECOND) >= execution.started
        and (end is None or disruption.begin <= end)
    ]


def calm(since: int, until: int, disruptions: Iterable[Disruption], limits: Limits) -> float:
    """Seconds between two moments in which no disruption of workers or of what they need was on or was felt."""
    seconds, reached = 0, since
    for disruption in sorted(disruptions, key=lambda one: one.begin):
        if not disruption.harmless:
            seconds += max(0, min(disruption.begin, until) - reached)
            reached = max(reached, disruption.end + round(_aftermath(disruption, limits) * SECOND))
    return (seconds + max(0, until - reached)) / SECOND


def _aftermath(disruption: Disruption, limits: Limits) -> float:
    if disruption.fault in ORDERED:
        return limits.ordered
    if disruption.fault == ALONE:
        return 0.0
    return limits.recovery if disruption.workers is None else limits.unbegun


def _end(fault: Fault, history: History) -> int:
    """Of a fault whose end was not written: its writer died of it, so it ended when the next life began."""
    later = (start.t for start in history.of_kind(Start) if start.process == fault.target and start.t > fault.t
             and start.pid != fault.target_pid)  # fmt: skip
    return next(later, history.records[-1].t)


def _disruption(fault: Fault, end: int, workers: frozenset[str]) -> Disruption:
    # A line is named after its two ends.
    ends = frozenset(fault.target.split(" to "))
    hit = frozenset() if any(map(_NO_PART.match, ends)) else ends & workers or None
    return Disruption(fault.fault, fault.target, fault.t, end, hit)
