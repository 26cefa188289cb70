"""What a soak makes of its samples: a leak is found, noise is none, what was lost is said."""

import math
import random

import pytest
from soak_figures import Bound, Series, averaged, grows_without_end, missing, over_budget, slope, steepest

BOUND = Bound(per_hour=20.0, rise=2.0)


def series(minutes: float, value: object, every: float = 2.0) -> Series:
    times = [index * every for index in range(int(minutes * 60 / every))]
    return Series(times, [value(at) for at in times])


def noise(seed: int, width: float = 1.0) -> object:
    chance = random.Random(seed)
    return lambda _: 50 + chance.gauss(0, width)


def test_a_line_has_its_own_slope_and_no_error() -> None:
    found = slope(series(5, lambda at: 50 + at / 3600 * 36))
    assert found is not None
    assert found.per_hour == pytest.approx(36) and found.error == pytest.approx(0, abs=1e-6)
    assert found.rise == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_leak(seed: int) -> None:
    assert not BOUND.broken_by(slope(series(5, noise(seed))))


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_is_found_in_noise(seed: int) -> None:
    shaky = noise(seed)
    assert BOUND.broken_by(slope(series(5, lambda at: shaky(at) + at / 3600 * 100)))


@pytest.mark.parametrize("seed", range(5))
def test_the_error_is_how_far_off_a_slope_usually_is(seed: int) -> None:
    shaky = noise(seed)
    found = slope(series(10, lambda at: shaky(at) + at / 3600 * 10))
    assert found is not None
    assert abs(found.per_hour - 10) < 4 * found.error


def test_many_samples_of_one_breath_do_not_feign_certainty() -> None:
    breath = series(5, lambda at: 50 + 5 * math.sin(at / 20))
    found = slope(breath)
    assert found is not None
    assert found.least < BOUND.per_hour


@pytest.mark.parametrize("count", [0, 1, 3])
def test_of_too_few_samples_nothing_is_said(count: int) -> None:
    assert slope(Series(list(range(count)), [1.0] * count)) is None
    assert not BOUND.broken_by(None)


def test_averages_keep_time_and_value_together() -> None:
    assert averaged(Series([0, 1, 2, 3, 4], [0, 10, 20, 30, 40]), 2) == Series([1, 3.5], [10, 35])


def test_the_worst_process_speaks_for_its_role() -> None:
    steady, rising = series(5, lambda _: 50.0), series(5, lambda at: 50 + at / 60)
    found = steepest([steady, rising, Series([], [])])
    assert found is not None and found.per_hour == pytest.approx(60)
    assert steepest([]) is None


def test_what_is_vacuumed_now_and_then_does_not_grow_without_end() -> None:
    sawtooth = series(10, lambda at: 1000 * (at % 60))
    assert not grows_without_end(sawtooth, noise=100)
    assert grows_without_end(series(10, lambda at: 1000 * at), noise=100)
    assert not grows_without_end(series(10, lambda at: at / 10), noise=100)
    assert not grows_without_end(Series([1], [1]), noise=0)


def test_a_connection_too_many_is_told_and_one_that_nobody_may_have() -> None:
    budget = {"taskmaster edge": 10}
    assert over_budget({"taskmaster edge": 10}, budget) == []
    assert len(over_budget({"taskmaster edge": 11, "taskmaster worker": 1}, budget)) == 2


def test_the_accounts_find_what_is_lost_and_what_nobody_sent() -> None:
    assert missing({"noop": 5}, {"noop": 2}, {"noop": 5}) == []
    assert missing({"noop": 5}, {"noop": 2}, {"noop": 7}) == []
    assert len(missing({"noop": 5}, {}, {"noop": 4})) == 1
    assert len(missing({"noop": 5}, {"noop": 2}, {"noop": 8, "other": 1})) == 2
