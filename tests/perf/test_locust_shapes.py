"""What the shapes of a load test look like."""

from itertools import pairwise

import pytest
from locust_shapes import SHAPES


def users(name, seconds=100.0, most=50):
    return [SHAPES[name].users_at(float(now), most, seconds) for now in range(int(seconds))]


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_ends_when_its_time_is_over(name):
    assert SHAPES[name].users_at(100.0, 50, 100.0) is None
    assert None not in users(name)


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_asks_for_more_users_than_it_may_have_or_for_none(name):
    assert max(users(name)) == 50
    assert min(users(name, most=1)) == 1


def test_a_ramp_goes_up_in_ten_equal_steps():
    assert sorted(set(users("ramp"))) == list(range(5, 55, 5))
    assert users("ramp") == sorted(users("ramp"))


def test_a_spike_comes_at_once_and_calm_follows():
    assert users("spike")[29:31] == [5, 50]
    assert users("spike")[59:61] == [50, 5]


def test_a_soak_has_ten_lulls():
    found = users("soak", seconds=1000.0)
    assert sum(1 for now, later in pairwise(found) if later < now) == 10


def test_a_steady_load_without_an_end_has_none():
    assert SHAPES["steady"].users_at(1e6, 50, None) == 50
