"""What the comparison with peers makes of its values: medians and ranges, ratios repeat by repeat, nothing invented."""

import pytest
from peers.figures import NEVER, Figure, Results, Spread, paired, percentile, rotated


def results(**drains: dict[int, float]) -> Results:
    made = Results()
    for peer, values in drains.items():
        for repeat, value in values.items():
            made.add(peer, Figure.DRAIN, repeat, value)
    return made


def test_a_spread_is_the_median_and_the_range_never_the_best() -> None:
    assert Spread.of([30.0, 10.0, 20.0]) == Spread(20.0, 10.0, 30.0)


def test_a_spread_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError):
        Spread.of([])


def test_a_ratio_compares_values_of_the_same_repeat() -> None:
    # The machine was half as fast in the second repeat, for both.
    found = results(ours={0: 40.0, 1: 20.0}, theirs={0: 20.0, 1: 10.0}).ratio("theirs", Figure.DRAIN, "ours")
    assert found == Spread(0.5, 0.5, 0.5)


def test_a_repeat_that_one_of_them_missed_is_left_out_of_the_ratio() -> None:
    found = results(ours={0: 40.0, 1: 20.0}, theirs={1: 10.0}).ratio("theirs", Figure.DRAIN, "ours")
    assert found == Spread(0.5, 0.5, 0.5)


@pytest.mark.parametrize("ours", [{}, {0: 0.0}, {0: NEVER}, {1: 5.0}])
def test_without_a_value_to_compare_with_there_is_no_ratio(ours: dict[int, float]) -> None:
    assert results(ours=ours, theirs={0: 10.0}).ratio("theirs", Figure.DRAIN, "ours") is None


def test_what_was_never_seen_is_in_no_pair() -> None:
    assert paired({0: NEVER, 1: 4.0}, {0: 2.0, 1: 2.0}) == [(4.0, 2.0)]


def test_a_median_with_recoveries_that_were_not_seen_says_so() -> None:
    assert Spread.of([36.0, NEVER, NEVER]).median == NEVER
    assert Spread.of([36.0, 37.0, NEVER]) == Spread(37.0, 36.0, NEVER)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_seen(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError):
        percentile([], 0.5)


def test_each_repeat_begins_with_another_peer_and_has_them_all() -> None:
    orders = [rotated(["a", "b", "c"], repeat) for repeat in range(4)]
    assert [order[0] for order in orders] == ["a", "b", "c", "a"]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert rotated([], 1) == []
