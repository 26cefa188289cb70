"""The life of a task: every legal step, and nothing but those."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core.task import FINAL, HELD, TRANSITIONS, UNSUCCESSFUL, State, Status, may_follow, states_of, status_of

states = st.sampled_from(State)

LIFE = [State.SCHEDULED, State.READY, State.LEASED, State.RUNNING]


@pytest.mark.parametrize("end", sorted(FINAL))
def test_a_task_can_live_from_scheduled_to_each_end(end):
    life = [*LIFE, end]
    assert all(may_follow(before, after) for before, after in pairwise(life))


def test_every_state_says_what_may_follow():
    assert TRANSITIONS.keys() == set(State)


@given(after=states)
def test_only_by_hand_and_only_after_a_failure_does_anything_follow_an_end(after):
    assert not may_follow(State.COMPLETE, after)
    assert [end for end in sorted(FINAL) if may_follow(end, after)] == (
        sorted(UNSUCCESSFUL) if after in {State.READY, State.PAUSED} else []
    )


@given(state=states)
def test_every_unfinished_state_can_reach_an_end(state):
    reached, frontier = {state}, {state}
    while frontier := {after for before in frontier for after in TRANSITIONS[before]} - reached:
        reached |= frontier
    assert reached & FINAL


@given(state=states)
def test_no_state_follows_itself(state):
    assert not may_follow(state, state)


@given(after=states)
def test_only_a_lease_can_run_and_only_ready_work_is_leased(after):
    assert [before for before in State if may_follow(before, State.RUNNING)] == [State.LEASED]
    assert [before for before in State if may_follow(before, State.LEASED)] == [State.READY, State.ISOLATED]


@pytest.mark.parametrize("held", sorted(HELD))
def test_a_rescued_or_retried_task_is_ready_isolated_or_scheduled_again(held):
    assert may_follow(held, State.READY)
    assert may_follow(held, State.ISOLATED)
    assert may_follow(held, State.SCHEDULED)


def test_a_parked_or_paused_task_waits_until_it_is_ready_or_cancelled():
    assert TRANSITIONS[State.PARKED] == {State.READY, State.ISOLATED, State.PAUSED, State.CANCELLED}
    assert TRANSITIONS[State.PAUSED] == {State.READY, State.ISOLATED, State.CANCELLED}


def test_any_unfinished_task_can_be_cancelled():
    assert all(may_follow(state, State.CANCELLED) for state in set(State) - FINAL)


@given(state=states)
def test_people_see_each_state_as_exactly_one_status(state):
    assert [status for status in Status if state in states_of(status)] == [status_of(state)]


@given(state=states)
def test_people_see_an_end_exactly_when_the_task_is_final(state):
    assert (status_of(state) in {Status.COMPLETE, Status.FAILED, Status.CANCELLED}) == (state in FINAL)


def test_the_states_of_a_status_come_in_the_order_of_life():
    waiting = (State.SCHEDULED, State.READY, State.LEASED, State.PARKED, State.ISOLATED, State.PAUSED)
    assert states_of(Status.QUEUED) == waiting
    assert states_of(Status.FAILED) == (State.FAILED, State.DEAD, State.QUARANTINED)
