"""What an outcome leads to, for every outcome a worker can report."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core.outcome import Cancelled, Failed, Finish, GiveBack, Released, Succeeded, TryAgain, settle
from cluster.core.retry import Backoff
from cluster.core.task import FINAL, State

BACKOFF = Backoff()

uniform = st.floats(min_value=0, max_value=1, exclude_max=True)
outcomes = st.one_of(
    st.builds(Succeeded, st.none() | st.binary(max_size=20)),
    st.builds(Failed, st.text(max_size=20), st.booleans()),
    st.builds(Cancelled, st.text(max_size=20)),
    st.builds(Released, st.text(max_size=20)),
)
attempts = st.tuples(st.integers(1, 100), st.integers(1, 100))


def lease(attempt=1, max_attempts=3):
    return SimpleNamespace(attempt=attempt, max_attempts=max_attempts)


def test_a_success_completes_with_its_result():
    assert settle(lease(), Succeeded(b"[1]"), BACKOFF, 0.5) == Finish(State.COMPLETE, result=b"[1]")


def test_a_failure_with_attempts_left_is_tried_again_after_the_backoff():
    assert settle(lease(attempt=2), Failed("boom"), BACKOFF, 0.5) == TryAgain(BACKOFF.delay(2, 0.5), "boom")


def test_the_last_failure_of_several_is_dead():
    assert settle(lease(attempt=3), Failed("boom"), BACKOFF, 0.5) == Finish(State.DEAD, error="boom")


def test_the_failure_of_a_task_that_is_tried_once_is_failed():
    assert settle(lease(max_attempts=1), Failed("boom"), BACKOFF, 0.5) == Finish(State.FAILED, error="boom")


def test_a_permanent_failure_is_failed_whatever_attempts_are_left():
    assert settle(lease(), Failed("no such file", permanent=True), BACKOFF, 0.5) == Finish(
        State.FAILED, error="no such file"
    )


@pytest.mark.parametrize(("reason", "error"), [("", None), ("asked by ops", "asked by ops")])
def test_a_cancelled_task_keeps_the_reason(reason, error):
    assert settle(lease(), Cancelled(reason), BACKOFF, 0.5) == Finish(State.CANCELLED, error=error)


def test_a_released_task_is_given_back_even_at_its_last_attempt():
    assert settle(lease(attempt=3), Released("draining"), BACKOFF, 0.5) == GiveBack()


@given(outcome=outcomes, numbers=attempts, random=uniform)
def test_every_outcome_settles_to_an_end_or_to_another_try(outcome, numbers, random):
    match settle(lease(*numbers), outcome, BACKOFF, random):
        case Finish(state):
            assert state in FINAL
        case TryAgain(delay):
            assert delay > 0
            assert numbers[0] < numbers[1]
        case GiveBack():
            assert isinstance(outcome, Released)


@given(numbers=attempts, random=uniform)
def test_no_task_is_tried_more_often_than_allowed(numbers, random):
    attempt, max_attempts = numbers
    again = isinstance(settle(lease(attempt, max_attempts), Failed("boom"), BACKOFF, random), TryAgain)
    assert again == (attempt < max_attempts)
