"""Backoff: exponential, spread, capped, and a pure function."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core.retry import Backoff

uniform = st.floats(min_value=0, max_value=1, exclude_max=True)
backoffs = st.builds(
    Backoff,
    first=st.floats(0.01, 60),
    factor=st.floats(1, 10),
    cap=st.floats(60, 86400),
    jitter=st.floats(0, 0.5),
)


def test_the_default_doubles_from_one_second():
    assert [Backoff().delay(attempt, 0.5) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]


def test_the_delay_stops_growing_at_the_cap():
    assert Backoff(cap=30).delay(50, 0.5) == 30


@given(backoff=backoffs, attempt=st.integers(1, 10**9), random=uniform)
def test_the_delay_is_positive_and_within_the_jitter_of_the_cap(backoff, attempt, random):
    assert 0 < backoff.delay(attempt, random) <= backoff.cap * (1 + backoff.jitter)


@given(backoff=backoffs, attempt=st.integers(1, 1000), random=uniform)
def test_a_later_attempt_never_waits_less(backoff, attempt, random):
    assert backoff.delay(attempt + 1, random) >= backoff.delay(attempt, random)


@given(backoff=backoffs, attempt=st.integers(1, 1000), random=uniform)
def test_the_jitter_spreads_evenly_around_the_middle(backoff, attempt, random):
    middle = backoff.delay(attempt, 0.5)
    rounding = 1e-9
    assert abs(backoff.delay(attempt, random) - middle) <= middle * (backoff.jitter + rounding)


@pytest.mark.parametrize(
    ("field", "value"),
    [("first", -1), ("factor", 0.5), ("cap", 1e9), ("jitter", 2), ("first", "1"), ("cap", True), ("factor", math.nan)],
)
def test_a_backoff_that_makes_no_sense_names_the_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"backoff: {field} must be a number from"):
        Backoff(**{field: value})
