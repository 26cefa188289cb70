"""Figures: what one run found, what several runs found, and what was hoped for."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should be at least, or at most, on the machine that the aims were set for (2 cores)."""

    sign: Literal["≥", "≤"]
    value: float

    def met(self, value: float) -> bool:
        return value >= self.value if self.sign == "≥" else value <= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `unit`: /s, µs, ms, bytes, MiB, %, ×, cores, MB/s, "" or yes/no (1 or 0).

    `bare`: what PostgreSQL alone reached at the same thing in the same run, in the same unit.
    """

    name: str
    label: str
    value: float
    unit: str
    aim: Aim | None = None
    bare: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines or bars over x, to be drawn. Of bars the x are words."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float | str, float]]]
    kind: Literal["line", "bar"] = "line"


@dataclass(frozen=True, slots=True)
class Findings:
    """What one run of a scenario found. `settings`: what it was run with, for people and for JSON."""

    settings: dict[str, Any]
    figures: list[Figure]
    charts: list[Chart] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Summary:
    """One figure over all repeats, in their order."""

    figure: Figure
    values: list[float]
    shares: list[float]
    """Of what PostgreSQL alone reached in the same repeat; empty where that says nothing."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median is what was hoped for; None = nothing was."""
        return self.figure.aim.met(self.median) if self.figure.aim else None

    def document(self) -> dict[str, Any]:
        """For JSON: the median, the range and every value."""
        figure = self.figure
        said: dict[str, Any] = {"label": figure.label, "unit": figure.unit, **_spread(self.values)}
        if self.shares:
            said["of_bare"] = _spread(self.shares)
        if figure.aim:
            said |= {"aim": f"{figure.aim.sign} {figure.aim.value:g}", "met": self.met}
        return said


def summarised(repeats: Sequence[Findings]) -> list[Summary]:
    """One summary for each figure of a scenario, over all of its repeats."""
    found: dict[str, list[Figure]] = {}
    for findings in repeats:
        for figure in findings.figures:
            found.setdefault(figure.name, []).append(figure)
    return [_summary(figures) for figures in found.values()]


def _summary(figures: list[Figure]) -> Summary:
    shares = [figure.value / figure.bare for figure in figures if figure.bare]
    return Summary(figures[0], [figure.value for figure in figures], shares)


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "median": _rounded(statistics.median(values)),
        "least": _rounded(min(values)),
        "most": _rounded(max(values)),
        "values": [_rounded(value) for value in values],
    }


def _rounded(value: float) -> float:
    """Five digits say more than any figure of a bench is worth."""
    return float(f"{value:.5g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values below or at which `share` (0 to 1) of them lie."""
    ordered = sorted(values)
    # Less a little, for 0.95 * 100 is more than 95.
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]
