"""What a series of samples says: how steeply it rises, how sure that is, and whether it is too much. Pure."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, linear_regression
from typing import NamedTuple

MIB = 1024 * 1024
HOUR = 3600.0
POINTS = 30
"""A regression takes the means of so many stretches: neighbouring samples are alike, and would feign certainty."""
SURE = 3.0
"""Standard errors that a slope must lie above its bound."""


class Series(NamedTuple):
    """`times` in seconds, rising; `values` in whatever unit."""

    times: Sequence[float]
    values: Sequence[float]

    def since(self, begin: float) -> "Series":
        kept = [(at, value) for at, value in zip(self.times, self.values, strict=True) if at >= begin]
        return Series([at for at, _ in kept], [value for _, value in kept])


class Slope(NamedTuple):
    """`per_hour` and its standard `error` in the unit of the values an hour; `rise`: over the time looked at."""

    per_hour: float
    error: float
    rise: float

    @property
    def least(self) -> float:
        """What it is almost surely above."""
        return self.per_hour - SURE * self.error


class Bound(NamedTuple):
    """Too much is a slope surely above `per_hour` that has risen by more than `rise` already."""

    per_hour: float
    rise: float

    def broken_by(self, slope: Slope | None) -> bool:
        return slope is not None and slope.least > self.per_hour and slope.rise > self.rise


def slope(series: Series) -> Slope | None:
    """Least squares; None for fewer than four points, from which nothing can be said."""
    times, values = averaged(series, POINTS)
    if len(times) < 4 or times[0] == times[-1]:
        return None
    line = linear_regression(times, values)
    middle = fmean(times)
    residuals = sum((value - line.intercept - line.slope * at) ** 2 for at, value in zip(times, values, strict=True))
    error = math.sqrt(residuals / (len(times) - 2) / sum((at - middle) ** 2 for at in times))
    return Slope(line.slope * HOUR, error * HOUR, line.slope * (times[-1] - times[0]))


def averaged(series: Series, points: int) -> Series:
    """The means of at most `points` stretches of equally many samples; fewer samples stay as they are."""
    count = len(series.times)
    stretch = max(1, math.ceil(count / points))
    parts = [slice(first, first + stretch) for first in range(0, count, stretch)]
    return Series([fmean(series.times[part]) for part in parts], [fmean(series.values[part]) for part in parts])


def steepest(each: Sequence[Series]) -> Slope | None:
    """Of the processes of one role the one that surely rises most."""
    slopes = [found for one in each if (found := slope(one)) is not None]
    return max(slopes, key=lambda found: found.least, default=None)


def grows_without_end(series: Series, noise: float) -> bool:
    """Whether the peaks of the last third stand above all before by half and by more than `noise`: what is vacuumed
    now and then goes up and down."""
    third = len(series.values) // 3
    if third < 2:
        return False
    before, last = max(series.values[:-third]), max(series.values[-third:])
    return last > 1.5 * before and last - before > noise


def over_budget(most: Mapping[str, int], budget: Mapping[str, int]) -> list[str]:
    """Who had more connections than it may; who is not in the budget may have none."""
    return [
        f"{name} had {count} connections to PostgreSQL, {budget.get(name, 0)} are its budget"
        for name, count in sorted(most.items())
        if count > budget.get(name, 0)
    ]


def missing(acknowledged: Mapping[str, int], unknown: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Commands with fewer tasks than were acknowledged, or more than somebody may have sent."""
    wrong = []
    for command in sorted({*acknowledged, *unknown, *found}):
        least = acknowledged.get(command, 0)
        most = least + unknown.get(command, 0)
        if not least <= found.get(command, 0) <= most:
            wrong.append(
                f"{command}: {found.get(command, 0)} tasks in PostgreSQL, {least} acknowledged, at most {most} sent"
            )
    return wrong
