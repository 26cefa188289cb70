"""Who gets the next task: fair to one slot, never beyond a worker's credit or the limit."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core.dispatch import Capacity, CompletionRate, DispatchPolicy, prefetch, slot_order

capacities = st.lists(st.builds(Capacity, held=st.integers(0, 40), credit=st.integers(0, 40)), min_size=1, max_size=8)
policies = st.sampled_from(DispatchPolicy)
firsts = st.integers(0, 7)
limits = st.integers(0, 400)


@given(policy=policies, workers=capacities, first=firsts, limit=limits)
def test_every_free_slot_is_used_once_until_the_limit(policy, workers, first, limit):
    order = slot_order(policy, workers, first % len(workers), limit)
    assert len(order) == min(limit, sum(worker.free for worker in workers))
    assert all(taken <= workers[index].free for index, taken in Counter(order).items())


@given(count=st.integers(1, 8), slots=st.integers(1, 50), first=firsts, limit=limits, policy=policies)
def test_equal_workers_get_equal_shares_to_one_slot(policy, count, slots, first, limit):
    workers = [Capacity(held=0, credit=slots)] * count
    taken = Counter(slot_order(policy, workers, first % count, limit))
    shares = [taken[index] for index in range(count)]
    assert max(shares) - min(shares) <= 1


@given(workers=capacities, first=firsts, limit=limits)
def test_round_robin_is_fair_to_one_slot_among_workers_that_still_have_room(workers, first, limit):
    taken = Counter(slot_order(DispatchPolicy.ROUND_ROBIN, workers, first % len(workers), limit))
    hungry = [taken[index] for index, worker in enumerate(workers) if taken[index] < worker.free]
    assert not hungry or max(taken.values(), default=0) - min(hungry) <= 1


@given(workers=capacities, first=firsts)
def test_round_robin_begins_with_the_first_worker_that_has_room(workers, first):
    turn = [(first + step) % len(workers) for step in range(len(workers))]
    free = [index for index in turn if workers[index].free]
    assert slot_order(DispatchPolicy.ROUND_ROBIN, workers, first % len(workers), len(free)) == free


@given(workers=capacities, first=firsts, limit=limits)
def test_least_loaded_always_fills_the_emptiest(workers, first, limit):
    held = [worker.held for worker in workers]
    for index in slot_order(DispatchPolicy.LEAST_LOADED, workers, first % len(workers), limit):
        loads = [held[other] / worker.credit for other, worker in enumerate(workers) if held[other] < worker.credit]
        assert held[index] / workers[index].credit == min(loads)
        held[index] += 1


@pytest.mark.parametrize("policy", DispatchPolicy)
def test_nobody_there_means_nothing_to_hand_out(policy):
    assert slot_order(policy, [], 0, 10) == []


def test_a_worker_that_holds_more_than_its_credit_has_no_room():
    assert Capacity(held=9, credit=5).free == 0


@given(held=st.integers(0, 50), credit=st.integers(0, 50), ahead=st.integers(0, 50))
def test_a_worker_is_fed_to_its_credit_in_bites_of_a_quarter_of_what_it_is_fed_ahead(held, credit, ahead):
    free = Capacity(held, credit, ahead).free
    room = max(0, credit - held)
    assert free == (room if room * 4 >= ahead else 0)


def test_slow_tasks_are_not_prefetched():
    assert prefetch(slots=5, completions_per_second=1) == 0


def test_tiny_tasks_are_prefetched_for_a_tenth_of_a_second():
    assert prefetch(slots=5, completions_per_second=10_000) == 995


@given(slots=st.integers(1, 1000), rate=st.floats(0, 1e9), most=st.integers(0, 5000))
def test_prefetch_stays_between_nothing_and_the_most(slots, rate, most):
    assert 0 <= prefetch(slots, rate, most=most) <= most


@given(slots=st.integers(1, 1000), rate=st.floats(0, 1e6), faster=st.floats(0, 1e6))
def test_a_faster_worker_is_never_fed_less(slots, rate, faster):
    assert prefetch(slots, rate + faster) >= prefetch(slots, rate)


def test_nothing_is_expected_of_a_worker_that_completed_nothing():
    assert CompletionRate().per_second(5) == 0


@given(rate=st.integers(50, 20_000), turns=st.integers(60, 200))
def test_a_steady_worker_is_expected_to_go_on_as_it_does(rate, turns):
    seen = CompletionRate()
    for turn in range(turns):
        seen.observe(rate // 50, now=turn / 50)
    assert seen.per_second((turns - 1) / 50) == pytest.approx(rate // 50 * 50, rel=0.01)


@given(silence=st.floats(0, 10), longer=st.floats(0, 10))
def test_the_longer_the_silence_the_less_is_expected(silence, longer):
    seen = CompletionRate()
    for turn in range(10):
        seen.observe(20, now=turn / 50)
    assert seen.per_second(0.18 + silence + longer) <= seen.per_second(0.18 + silence) <= 1001


def test_the_first_completion_after_a_silence_says_nothing_yet():
    seen = CompletionRate()
    for now in (0, 0.02, 0.04, 9):
        seen.observe(500, now)
    assert seen.per_second(9) == 0
