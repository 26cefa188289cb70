"""Whatever legal things happen to tasks, no checker objects."""

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.checks.every import CHECKS, check_all
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.rescue import figures
from tests.chaos.history import History
from tests.chaos.story import Run, Story

LIMITS = Limits(recorded=frozenset({"chaos-quick"}))
WORKERS = ("worker-1", "worker-2", "worker-3")
MISHAPS = ("fail", "time out", "kill", "freeze", "dead", "cancel")


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Tasks one after the other, each with mishaps of its own, and faults that touch nobody in between."""
    story = Story()
    for number in range(draw(st.integers(1, 6))):
        delay = draw(st.sampled_from([0.0, 0.0, 2.5]))
        key = draw(st.sampled_from([None, "key"]))
        task = story.enqueue(delay=delay, key=key, answer=draw(st.sampled_from(["ok", "unknown"])))
        if draw(st.booleans()):
            # It is wanted now after all, whatever its delay was.
            story.steer("cancel", task)
            story.steer("retry", task)
        run: Run | None = story.start(task, draw(st.sampled_from(WORKERS)))
        for mishap in draw(st.lists(st.sampled_from(MISHAPS), max_size=4)):
            if run is not None:
                run = befall(story, run, mishap, draw(st.sampled_from(WORKERS)))
        if run is not None:
            story.complete(run)
        story.fault("kill", draw(st.sampled_from(["edge-1", f"client-{number}"])))
        story.pass_time(draw(st.sampled_from([0.0, 60.0])))
    return story


def befall(story: Story, run: Run, mishap: str, worker: str) -> Run | None:
    """The next run of its task; None when it is quarantined."""
    task = run.task
    match mishap:
        case "fail" | "time out" if run.attempt < LIMITS.max_attempts:
            story.fail(run) if mishap == "fail" else story.time_out(run)
        case "fail" | "time out" | "dead":
            story.fail(run, last=True)
            story.steer("retry", task)
        case "kill":
            story.kill(run)
            if task.finished is not None:
                return None
        case "freeze":
            return story.freeze(run, next(each for each in WORKERS if each != run.worker))
        case "cancel":
            story.steer("cancel", task)
            story.steer("retry", task)
    return story.start(task, worker)


NOT_ALWAYS = {"memory", "due", "unique", "steered", "lost", "accepted"}
"""A story need not have memories, delays, keys, cancels, acknowledged or complete tasks."""


@given(stories())
def test_a_legal_story_has_no_violations(story: Story) -> None:
    found = check_all(story.history, story.tables, LIMITS)
    assert [violation for violation in found if violation.rule != "nothing to check"] == []
    assert check_all(story.history, story.tables, LIMITS, without=NOT_ALWAYS) == []


def test_an_empty_run_proves_nothing_and_every_checker_says_so() -> None:
    story = Story()
    for name, check in CHECKS.items():
        assert [each.rule for each in check(History(()), story.tables, LIMITS)] == ["nothing to check"], name


def test_the_time_to_rescue_is_told_by_fault() -> None:
    story = Story()
    story.complete(story.start(story.enqueue()))
    for worker in WORKERS:
        rescued(story, worker)
    story.pass_time(60.0)
    story.complete(story.freeze(story.start(story.enqueue()), "worker-2"))

    told = figures(story.history)

    assert set(told) == {"kill", "freeze"}
    assert told["kill"].count == 3
    assert 0.5 < told["kill"].p50 <= told["kill"].max < 0.6
    assert 3.0 < told["freeze"].max < 3.1


def test_the_time_to_rescue_while_all_else_is_well_is_told_apart() -> None:
    story = Story()
    rescued(story, "worker-1")
    story.fault("restart-postgres", "postgres", phases=("begin",))
    rescued(story, "worker-2")
    told = figures(story.history)
    assert {fault: each.count for fault, each in told.items()} == {"kill": 1, "kill (amid others)": 1}


def test_the_time_that_a_task_waits_to_run_alone_is_told_apart() -> None:
    story = Story()
    story.kill(story.start(story.enqueue(), "worker-1"))
    story.pass_time(60.0)
    again = story.start(story.tasks[0], "worker-2")
    story.pass_time(60.0)
    story.kill(again)
    story.complete(story.start(story.tasks[0], "worker-3"))
    assert {fault: each.count for fault, each in figures(story.history).items()} == {
        "kill": 1,
        "kill (to run alone)": 1,
    }


def rescued(story: Story, worker: str) -> None:
    """Its worker is killed, another one does it, and then it is quiet for a minute."""
    story.pass_time(60.0)
    run = story.start(story.enqueue(), worker)
    story.kill(run)
    story.complete(story.start(run.task, "worker-9"))


def test_a_run_that_had_failed_by_itself_counts_as_no_rescue() -> None:
    story = Story()
    run = story.start(story.enqueue())
    story.time_out(run)
    story.complete(story.start(run.task))
    story.fault("kill", run.worker)
    assert figures(story.history) == {}
