"""From measurements to figures: medians, ranges, and ratios between rows of the same run. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median


class Figure(StrEnum):
    """What is measured, and its unit."""

    ENQUEUE = "enqueue_per_second"
    DRAIN = "drain_per_second"
    P50 = "latency_p50_ms"
    P99 = "latency_p99_ms"
    RECOVERY = "recovery_seconds"


NEVER = float("inf")
"""A recovery that was not seen within its limit."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range over the repeats of one figure of one peer."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Raises ValueError when there are none."""
        known = list(values)
        return cls(median(known), min(known), max(known))


@dataclass(slots=True)
class Results:
    """State: values by peer, figure and repeat, and what failed, by peer, in the words of the failure."""

    values: dict[tuple[str, Figure], dict[int, float]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)

    def add(self, peer: str, figure: Figure, repeat: int, value: float) -> None:
        self.values.setdefault((peer, figure), {})[repeat] = value

    def fail(self, peer: str, why: str) -> None:
        self.failures.setdefault(peer, []).append(why)

    def spread(self, peer: str, figure: Figure) -> Spread | None:
        known = self.values.get((peer, figure))
        return Spread.of(known.values()) if known else None

    def ratio(self, peer: str, figure: Figure, reference: str) -> Spread | None:
        """`peer` relative to `reference`, repeat by repeat: both met the same machine at nearly the same time."""
        pairs = paired(self.values.get((peer, figure), {}), self.values.get((reference, figure), {}))
        return Spread.of(mine / theirs for mine, theirs in pairs) if pairs else None


def paired(mine: Mapping[int, float], theirs: Mapping[int, float]) -> list[tuple[float, float]]:
    """Of the repeats that both have; none where `theirs` is 0 or nothing was seen on either side."""
    both = [(mine[repeat], theirs[repeat]) for repeat in sorted(mine.keys() & theirs.keys())]
    return [(one, other) for one, other in both if 0 < other < NEVER and one < NEVER]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of `values` do not exceed. ValueError when there are none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def rotated(peers: Sequence[str], repeat: int) -> list[str]:
    """Another one comes first in each repeat, so that nobody always follows the same neighbour's dirt."""
    turn = repeat % len(peers) if peers else 0
    return [*peers[turn:], *peers[:turn]]
