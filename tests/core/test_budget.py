"""How many events are told one by one: a burst, a rate, and a sum of all the others."""

import re

from hypothesis import given
from hypothesis import strategies as st

from cluster.core.budget import Budget
from cluster.core.events import EventName

STARTED = EventName.TASK_STARTED
turns = st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), min_size=1, max_size=50)


def summed(event):
    return sum(int(count) for count in re.findall(r"(\d+) task_", event.msg)) if event else 0


def test_a_burst_is_told_one_by_one_and_the_rest_is_held_back():
    budget = Budget(burst=10, rate=1)
    assert budget.take(STARTED, 8, now=0) == 8
    assert budget.take(STARTED, 8, now=0) == 2
    assert repr(budget) == "<Budget tokens=0 held_back=6>"


def test_once_something_is_held_back_everything_is_until_the_summary():
    budget = Budget(burst=10, rate=100, period=1)
    budget.take(STARTED, 11, now=0)
    assert budget.take(STARTED, 1, now=0.5) == 0
    assert budget.summary(0.9, 7) is None
    assert summed(budget.summary(1.0, 7)) == 2
    assert budget.take(STARTED, 1, now=1.0) == 1


def test_the_summary_counts_each_kind_of_event_and_is_told_once():
    budget = Budget(burst=0, rate=0)
    budget.take(STARTED, 3, now=0)
    budget.take(EventName.TASK_COMPLETED, 2, now=0)
    summary = budget.summary(9, 7)
    assert (summary.event, summary.timestamp_us) == (EventName.TASKS_SUMMARY, 7)
    assert "3 task_started" in summary.msg
    assert "2 task_completed" in summary.msg
    assert summary.counts == {STARTED: 3, EventName.TASK_COMPLETED: 2}
    assert budget.summary(99, 8) is None


@given(turns=turns, burst=st.integers(0, 30), rate=st.floats(0, 20))
def test_no_event_is_lost_and_the_rate_is_kept(turns, burst, rate):
    budget, now, told, sums = Budget(burst, rate), 0.0, 0, 0
    for pause, wanted in turns:
        now += pause
        sums += summed(budget.summary(now, 0))
        told += budget.take(STARTED, wanted, now)
    sums += summed(budget.summary(now + 1e9, 0))
    assert told + sums == sum(wanted for _, wanted in turns)
    assert told <= burst + rate * now + 1e-6
