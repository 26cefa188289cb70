"""What a fault excuses, and what it does not: runs that are repeated, and tasks that are stuck."""

import pytest

from cluster.core.task import State
from tests.chaos.found import rules
from tests.chaos.story import Run, Story


def test_a_run_without_a_reason(story: Story) -> None:
    story.start(story.tasks[0], "worker-2")
    again = story.tasks[0]
    again.state = State.COMPLETE
    assert ("repeats", "repeated") in rules(story)


def test_a_fault_excuses_no_more_than_the_runs_that_it_touched(story: Story) -> None:
    run = story.start(story.enqueue())
    story.kill(run)
    first = story.start(run.task, "worker-2")
    story.pass_time(60.0)
    run.task.attempt -= 1
    story.complete(story.start(run.task, "worker-3"))
    assert first.task.state is State.COMPLETE
    assert rules(story) == {("repeats", "repeated")}


@pytest.mark.parametrize("target", ["worker-2", "edge-1", "edge-1 to postgres", "client-1"])
def test_a_fault_of_somebody_else_excuses_nothing(story: Story, target: str) -> None:
    story.complete(story.start(story.enqueue(), "worker-2"))
    run = story.start(story.enqueue(), "worker-1")
    story.fault("kill", target)
    run.task.attempt -= 1
    story.complete(story.start(run.task, "worker-3"))
    assert rules(story) == {("repeats", "repeated")}


@pytest.mark.parametrize("fault", ["repeat", "skew", "crash"])
def test_what_must_change_nothing_excuses_nothing(story: Story, fault: str) -> None:
    run = story.start(story.enqueue())
    story.fault(fault, "worker-1")
    run.task.attempt -= 1
    story.complete(story.start(run.task, "worker-3"))
    assert rules(story) == {("repeats", "repeated")}


@pytest.mark.parametrize("target", ["postgres", "coordinator-1", "coordinators to worker-1", "supervisor"])
def test_a_fault_of_what_a_run_needs_excuses_it(story: Story, target: str) -> None:
    run = story.start(story.enqueue())
    story.fault("kill", target)
    run.task.attempt -= 1
    story.complete(story.start(run.task, "worker-3"))
    assert rules(story) == set()


def test_a_task_that_was_rescued_too_late(story: Story) -> None:
    run = story.start(story.enqueue())
    story.kill(run)
    story.pass_time(5.0)
    story.complete(story.start(run.task, "worker-2"))
    assert rules(story) == {("stuck", "stuck")}


def test_time_in_which_nobody_could_rescue_does_not_count(story: Story) -> None:
    run = story.start(story.enqueue())
    story.kill(run)
    story.fault("kill-postgres", "postgres", phases=("begin",))
    story.pass_time(20.0)
    story.fault("kill-postgres", "postgres", phases=("end",))
    story.pass_time(5.0)
    story.complete(story.start(run.task, "worker-2"))
    assert rules(story) == set()


def test_a_task_that_was_never_rescued(story: Story) -> None:
    run = story.start(story.enqueue())
    story.kill(run)
    story.pass_time(30.0)
    story.fault("kill", "edge-1")
    assert rules(story) == {("stuck", "stuck"), ("drained", "unfinished")}


def waiting_to_run_alone(story: Story) -> Run:
    """Of a task that two workers crashed with, the last."""
    task = story.enqueue()
    for worker in ("worker-1", "worker-2"):
        run = story.start(task, worker)
        story.kill(run)
    return run


def test_a_task_waits_for_its_turn_while_others_run_alone(story: Story) -> None:
    first, second, third = (waiting_to_run_alone(story) for _ in range(3))
    for one in (first, second, third):
        alone = story.start(one.task, "worker-3")
        story.pass_time(50.0)
        story.complete(alone)
    assert rules(story) == set()


def test_a_task_that_waits_for_its_turn_while_nobody_runs_alone(story: Story) -> None:
    first, second = (waiting_to_run_alone(story) for _ in range(2))
    alone = story.start(first.task, "worker-3")
    story.pass_time(50.0)
    story.complete(alone)
    story.pass_time(70.0)
    story.complete(story.start(second.task, "worker-3"))
    assert rules(story) == {("stuck", "stuck")}
