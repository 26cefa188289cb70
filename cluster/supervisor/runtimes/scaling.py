"""Desired worker count → which workers to start and which to drain."""

from collections.abc import Set
from dataclasses import dataclass
from itertools import count, islice


@dataclass(frozen=True, slots=True)
class Change:
    """Numbers of workers; to drain: highest first."""

    start: tuple[int, ...]
    drain: tuple[int, ...]


def reconcile(desired: int, staying: Set[int], leaving: Set[int]) -> Change:
    """What is missing gets the lowest free numbers; one that still drains (`leaving`) keeps its own till it is gone."""
    free = (number for number in count(1) if number not in staying and number not in leaving)
    start = tuple(islice(free, max(0, desired - len(staying))))
    surplus = max(0, len(staying) - desired)
    return Change(start, tuple(sorted(staying, reverse=True)[:surplus]))
