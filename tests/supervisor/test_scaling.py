"""Desired count → which workers to start and which to drain."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.supervisor.runtimes.scaling import Change, reconcile

counts = st.integers(min_value=1, max_value=50)
numbers = st.sets(st.integers(min_value=1, max_value=60))


def test_missing_workers_get_the_lowest_free_numbers() -> None:
    assert reconcile(4, {2, 5}, set()) == Change(start=(1, 3), drain=())


def test_the_highest_numbers_are_drained_first() -> None:
    assert reconcile(2, {1, 2, 3, 7}, set()) == Change(start=(), drain=(7, 3))


def test_a_worker_that_still_drains_keeps_its_number() -> None:
    assert reconcile(3, {1}, {2, 3}) == Change(start=(4, 5), drain=())


@given(counts, numbers, numbers)
def test_afterwards_exactly_as_many_stay_as_are_wanted(desired: int, staying: set[int], leaving: set[int]) -> None:
    leaving -= staying
    change = reconcile(desired, staying, leaving)

    assert len(staying | set(change.start)) - len(change.drain) == desired
    assert set(change.drain) <= staying
    assert not set(change.start) & (staying | leaving)
    assert not change.start or not change.drain


@given(counts, numbers)
def test_reconciling_twice_changes_nothing_more(desired: int, staying: set[int]) -> None:
    change = reconcile(desired, staying, set())
    after = (staying | set(change.start)) - set(change.drain)

    assert reconcile(desired, after, set(change.drain)) == Change((), ())
