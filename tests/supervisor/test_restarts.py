"""When a child is started again, and when not."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.supervisor.runtimes.processes.restarts import Record, RestartPolicy

POLICY = RestartPolicy()
CANNOT_START = 78


def after(failures: int) -> Record:
    record = Record()
    for _ in range(failures):
        record = record.failed()
    return record


def test_pauses_double_from_a_tenth_of_a_second() -> None:
    assert [POLICY.pause(after(failures)) for failures in (1, 2, 3, 4)] == [0.1, 0.2, 0.4, 0.8]


@given(st.integers(min_value=1, max_value=10_000))
def test_no_pause_is_longer_than_half_a_minute(failures: int) -> None:
    assert 0.1 <= POLICY.pause(Record(failures=failures)) <= 30.0


def test_having_run_well_for_a_while_starts_the_pauses_over() -> None:
    assert POLICY.ran(after(4), POLICY.settled_after).failed().failures == 1
    assert POLICY.ran(after(4), POLICY.settled_after - 0.1).failed().failures == 5


def test_a_child_that_cannot_start_is_given_up_at_once() -> None:
    assert POLICY.hopeless(after(1), CANNOT_START)
    assert not POLICY.hopeless(after(1), 1)


def test_a_child_that_never_ran_well_is_given_up_after_some_tries() -> None:
    assert not POLICY.hopeless(after(POLICY.tries - 1), 1)
    assert POLICY.hopeless(after(POLICY.tries), 1)


@given(st.integers(min_value=1, max_value=1000), st.sampled_from([1, 3, -9, -11]))
def test_a_child_that_tasks_could_end_is_not_given_up_for_its_crashes(failures: int, code: int) -> None:
    assert not POLICY.hopeless(Record(failures=failures, exposed=True), code)


def test_a_child_that_tasks_could_end_is_given_up_when_it_says_that_it_cannot_start() -> None:
    assert POLICY.hopeless(Record(failures=1, exposed=True), CANNOT_START)


def test_what_is_known_of_a_child_outlasts_its_failures() -> None:
    assert Record(settled=True, exposed=True).failed() == Record(failures=1, settled=True, exposed=True)
    assert POLICY.ran(Record(failures=4, exposed=True), POLICY.settled_after) == Record(settled=True, exposed=True)


@given(st.integers(min_value=1, max_value=1000), st.sampled_from([1, CANNOT_START, -9]))
def test_a_child_that_once_ran_well_is_never_given_up(failures: int, code: int) -> None:
    assert not POLICY.hopeless(Record(failures=failures, settled=True), code)
