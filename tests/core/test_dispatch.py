"""Who gets the next task: fair to one slot, never beyond a worker's credit or the limit."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core.dispatch import (
    HORIZON,
    SPREAD,
    Capacity,
    CompletionRate,
    DispatchPolicy,
    Pace,
    expected_rates,
    prefetch,
    slot_order,
)

capacities = st.lists(st.builds(Capacity, held=st.integers(0, 40), credit=st.integers(0, 40)), min_size=1, max_size=8)


def fed(slots: int, ahead: int, held: int) -> Capacity:
    return Capacity(held=held, credit=slots + ahead, ahead=ahead)


fed_ahead = st.lists(
    st.builds(fed, slots=st.integers(1, 20), ahead=st.integers(0, 200), held=st.integers(0, 250)),
    min_size=1,
    max_size=8,
)
rates = st.lists(st.one_of(st.just(0.0), st.floats(0.1, 50_000)), min_size=1, max_size=50)
policies = st.sampled_from(DispatchPolicy)
firsts = st.integers(0, 7)
limits = st.integers(0, 400)


@given(policy=policies, workers=st.one_of(capacities, fed_ahead), first=firsts, limit=limits)
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


@given(workers=st.one_of(capacities, fed_ahead), first=firsts, limit=limits)
def test_least_loaded_gives_in_the_order_of_a_plain_sort_by_load(workers, first, limit):
    loads = [
        (taken >= worker.idle, (worker.held + taken) / worker.credit, (index - first) % len(workers), index)
        for index, worker in enumerate(workers)
        for taken in range(worker.free)
    ]
    order = slot_order(DispatchPolicy.LEAST_LOADED, workers, first, limit)
    assert order == [index for *_, index in sorted(loads)][:limit]


@given(policy=policies, workers=fed_ahead, first=firsts, limit=limits)
def test_idle_slots_of_any_worker_come_before_what_any_is_fed_ahead(policy, workers, first, limit):
    taken: Counter[int] = Counter()
    begins: list[bool] = []
    for index in slot_order(policy, workers, first % len(workers), limit):
        begins.append(workers[index].held + taken[index] < workers[index].credit - workers[index].ahead)
        taken[index] += 1
    assert begins == sorted(begins, reverse=True)


@pytest.mark.parametrize("policy", DispatchPolicy)
def test_nobody_there_means_nothing_to_hand_out(policy):
    assert slot_order(policy, [], 0, 10) == []


def test_a_worker_that_holds_more_than_its_credit_has_no_room():
    assert Capacity(held=9, credit=5).free == 0


@given(held=st.integers(0, 50), credit=st.integers(0, 50), ahead=st.integers(0, 50))
def test_a_worker_is_fed_to_its_credit_in_bites_of_half_of_what_it_is_fed_ahead(held, credit, ahead):
    free = Capacity(held, credit, ahead).free
    room = max(0, credit - held)
    assert free == (room if room * 2 >= ahead else 0)


@given(slots=st.integers(1, 1000), seconds=st.floats(SPREAD * HORIZON, 3600), others=st.floats(0, 1e6))
def test_slow_tasks_are_not_prefetched_however_fast_the_others_are(slots, seconds, others):
    assert prefetch(slots, expected_rates([slots / seconds, others])[0]) == 0


def test_short_tasks_are_prefetched_for_a_fifth_of_a_second_and_tiny_ones_for_two():
    assert prefetch(slots=5, completions_per_second=200) == 35
    assert prefetch(slots=5, completions_per_second=10_000) == 3995


@given(slots=st.integers(1, 1000), rate=st.floats(0, 1e9), most=st.integers(0, 5000))
def test_prefetch_stays_between_nothing_and_the_most(slots, rate, most):
    assert 0 <= prefetch(slots, rate, most=most) <= most


@given(slots=st.integers(1, 1000), rate=st.floats(0, 1e6), faster=st.floats(0, 1e6))
def test_a_faster_worker_is_never_fed_less(slots, rate, faster):
    assert prefetch(slots, rate + faster) >= prefetch(slots, rate)


@given(rates=rates)
def test_nobody_is_expected_to_be_much_faster_or_slower_than_it_is(rates):
    for own, expected in zip(rates, expected_rates(rates), strict=True):
        assert own / SPREAD <= expected <= own * SPREAD


@given(rates=rates, slots=st.integers(1, 50))
def test_a_worker_that_completes_nothing_is_fed_nothing_however_fast_the_others_are(rates, slots):
    assert prefetch(slots, expected_rates([*rates, 0.0])[-1]) == 0


@given(mean=st.integers(10, 10_000), apart=st.lists(st.floats(0, 0.5), min_size=1, max_size=25))
def test_workers_that_are_about_as_fast_are_fed_alike(mean, apart):
    rates = [mean * (1 + sign * part) for part in apart for sign in (1, -1)]
    assert expected_rates(rates) == pytest.approx([mean] * len(rates))


def test_the_only_worker_is_expected_to_be_as_fast_as_it_is():
    assert expected_rates([700.0]) == [700.0]


def test_a_fast_worker_does_not_starve_among_slow_ones():
    assert expected_rates([10_000.0] + [0.0] * 49)[0] == 5_000


def test_a_worker_with_one_slot_that_still_cycles_is_fed_for_that_slot():
    one_slot = prefetch(5, expected_rates([10_000.0, 100.0])[1])
    assert 0 < one_slot <= 40, "less than half a second of work, not two thousand tasks"


@given(slots=st.integers(1, 50), around=st.floats(0.001, 0.1))
def test_a_new_worker_is_fed_like_the_others_within_a_few_bites(slots, around):
    """It gets `slots` tasks, then what they and `prefetch` allow, each time it has been `around` to PostgreSQL."""
    others, held, bites = 20_000.0, slots, 0
    while held < slots + prefetch(slots, others):
        own = held / around
        held = slots + prefetch(slots, min(others, own * SPREAD))
        bites += 1
    assert bites <= 8


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


@given(rate=st.integers(50, 20_000), silence=st.floats(1.01, 1e6))
def test_nothing_is_expected_of_a_worker_that_completed_nothing_in_the_last_second(rate, silence):
    seen = CompletionRate()
    for turn in range(10):
        seen.observe(rate // 50, now=turn / 50)
    assert seen.per_second(0.18 + silence) == 0


def test_nothing_is_expected_of_a_worker_that_gave_tasks_back_until_it_completes_some():
    seen = CompletionRate()
    for turn in range(10):
        seen.observe(20, now=turn / 50)
    seen.forget()
    assert seen.per_second(0.18) == 0
    for turn in range(10, 20):
        seen.observe(20, now=turn / 50)
    assert seen.per_second(0.38) == pytest.approx(1_000, rel=0.01)


def test_the_first_completion_after_a_silence_says_nothing_yet():
    seen = CompletionRate()
    for now in (0, 0.02, 0.04, 9):
        seen.observe(500, now)
    assert seen.per_second(9) == 0


def test_the_pace_of_slow_tasks_is_told_as_it_is_on_average():
    pace = Pace()
    for second in range(200):
        pace.note(int(second % 5 == 0), float(second))
    assert pace.per_second == pytest.approx(0.2, abs=0.1)
    for second in range(200, 300):
        pace.note(0, float(second))
    assert pace.per_second < 0.001


def test_two_notes_at_one_moment_break_nothing():
    pace = Pace()
    pace.note(5, 1.0)
    pace.note(5, 1.0)
    assert pace.per_second == 0


def test_idle_slots_come_first_and_what_is_fed_ahead_in_whole_bites_to_who_holds_least():
    busy, idle = Capacity(held=60, credit=105, ahead=100), Capacity(held=0, credit=105, ahead=100)
    order = slot_order(DispatchPolicy.ROUND_ROBIN, [busy, idle, busy, idle], first=0, limit=120)
    assert order[:10] == [1, 3] * 5, "five slots of each idle one, in turn"
    assert order[10:] == [1] * 100 + [3] * 10, "the rest of the next one's bite comes with the next claim"
    assert 0 not in order, "they have more than half of what they are fed ahead"
