"""Two looks at containers: who has ended in between, how, and whether by order."""

import signal
from dataclasses import replace

import pytest

from cluster.supervisor.exits import Exit
from cluster.supervisor.runtimes.containers.ends import ends, exit_code
from cluster.supervisor.runtimes.containers.engine import Unit

UNIT = Unit(key="k", name="rack-1", host="3f2a", state="running", life="k 1")


def ended(old: Unit, *after: Unit) -> list[Exit]:
    return list(ends([old], after))


@pytest.mark.parametrize("state", ["running", "draining"])
def test_what_goes_on_has_not_ended(state: str) -> None:
    assert ended(UNIT, replace(UNIT, state=state, restarts=3)) == []


def test_an_end_is_told_by_name_and_host_for_the_pid_is_not_known() -> None:
    assert ended(UNIT, replace(UNIT, state="", code=1)) == [Exit("rack-1", 0, 1, ordered=False, host="3f2a")]


def test_a_process_that_was_started_again_has_ended_before() -> None:
    assert ended(UNIT, replace(UNIT, life="k 2", code=-11)) == [Exit("rack-1", 0, -11, ordered=False, host="3f2a")]


def test_what_was_taken_away_was_killed() -> None:
    assert ended(UNIT) == [Exit("rack-1", 0, -signal.SIGKILL, ordered=False, host="3f2a")]


def test_what_was_told_to_stop_ends_by_order() -> None:
    leaving = replace(UNIT, state="draining")

    assert [exit_.ordered for exit_ in ended(leaving)] == [True]
    assert [exit_.ordered for exit_ in ended(leaving, replace(UNIT, state="", code=0))] == [True]


@pytest.mark.parametrize("state", ["starting", "backing_off", "failed", ""])
def test_what_did_not_run_cannot_end(state: str) -> None:
    assert ended(replace(UNIT, state=state)) == []


@pytest.mark.parametrize(("told", "meant"), [(0, 0), (1, 1), (78, 78), (137, -9), (143, -15), (255, 255)])
def test_engines_tell_signals_as_exit_codes(told: int, meant: int) -> None:
    assert exit_code(told) == meant
