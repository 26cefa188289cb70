"""Which fault when: drawn by a seed, so that a run can be replayed. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2.0
"""Seconds between the beginnings of two faults, on average."""
AT_ONCE = 3
"""Faults that may overlap."""


@dataclass(frozen=True)
class Kind:
    """What a fault may be like: whom it hits, how many seconds it lasts, what more there is to choose, how often."""

    name: str
    targets: tuple[str, ...]
    shortest: float = 0.0
    longest: float = 0.0
    details: tuple[str, ...] = ("",)
    weight: float = 1.0


@dataclass(frozen=True)
class Planned:
    """A fault that is to begin `at` seconds after the first could, and to last `seconds`."""

    at: float
    fault: str
    target: str
    seconds: float
    detail: str = ""

    @property
    def until(self) -> float:
        return self.at + self.seconds

    def __str__(self) -> str:
        detail = f" {self.detail}" if self.detail else ""
        return f"{self.at:7.2f} s  {self.fault}{detail} on {self.target} for {self.seconds:.2f} s"


def plan(seed: int, seconds: float, kinds: Sequence[Kind], gap: float = GAP) -> list[Planned]:
    """The faults of a run in the order of their beginnings, each over by `seconds`. One target has one at a time."""
    dice = random.Random(seed)
    chosen: list[Planned] = []
    at = dice.expovariate(1 / gap)
    while at < seconds:
        [kind] = dice.choices(kinds, [kind.weight for kind in kinds])
        lasts = dice.uniform(kind.shortest, kind.longest)
        one = Planned(at, kind.name, dice.choice(kind.targets), lasts, dice.choice(kind.details))
        if one.until <= seconds and _fits(one, chosen):
            chosen.append(one)
        at += 0.3 + dice.expovariate(1 / gap)
    return chosen


def _fits(one: Planned, chosen: Sequence[Planned]) -> bool:
    present = [other for other in chosen if other.until >= one.at]
    return len(present) < AT_ONCE and all(other.target != one.target for other in present)
