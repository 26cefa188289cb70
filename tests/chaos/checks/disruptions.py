"""Faults as spans of time: which executions each may have touched, and how long nothing was the matter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.checks.executions import SECOND, Execution
from tests.chaos.checks.limits import Limits
from tests.chaos.history import Fault, History

_UNTOUCHING = re.compile(r"(edge|client)(\W|\d|$)")
"""Whatever befalls these, no execution is begun, ended or reported by them."""


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
    """In the order in which they began. One without an end lasted until the last record."""
    last = history.records[-1].t if history.records else 0
    begun: dict[tuple[str, str], list[Fault]] = {}
    found: list[Disruption] = []
    for fault in history.of_kind(Fault):
        same = begun.setdefault((fault.fault, fault.target), [])
        if fault.phase == "begin":
            same.append(fault)
        elif same:
            found.append(_disruption(same.pop(0), fault.t, workers))
    found.extend(_disruption(fault, last, workers) for same in begun.values() for fault in same)
    return sorted(found, key=lambda disruption: disruption.begin)


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
    return limits.recovery if disruption.workers is None else limits.unbegun


def _disruption(fault: Fault, end: int, workers: frozenset[str]) -> Disruption:
    # A line is named after its two ends.
    ends = frozenset(fault.target.split("/"))
    hit = ends & workers
    untouching = all(_UNTOUCHING.match(name) for name in ends)
    return Disruption(fault.fault, fault.target, fault.t, end, frozenset() if untouching else hit or None)
