"""Each checker finds what it is there to find, and nothing else does."""

from collections.abc import Callable
from uuid import uuid4

import msgspec
import pytest

from cluster.core.task import State
from tests.chaos.found import rules
from tests.chaos.history import End, History, Ok
from tests.chaos.story import Story
from tests.chaos.tables import Trail


def test_a_lost_task(story: Story) -> None:
    gone = story.enqueue()
    story.tasks.remove(gone)
    assert rules(story) == {("lost", "lost")}


def test_a_task_that_nobody_sent(story: Story) -> None:
    story.complete(story.start(story.enqueue()))
    sent = story.tasks[-1].id
    others = History.of(record for record in story.records if sent not in getattr(record, "task_ids", ()))
    assert rules(story, history=others) == {("unsent", "unsent")}


def test_a_run_of_a_task_that_nobody_sent(story: Story) -> None:
    stranger = story.enqueue()
    story.start(stranger)
    story.tasks.remove(stranger)
    others = History.of(record for record in story.records if stranger.id not in getattr(record, "task_ids", ()))
    assert rules(story, history=others) == {("unsent", "unsent")}


def test_a_refused_task_that_is_there_all_the_same(story: Story) -> None:
    task = story.enqueue()
    story.complete(story.start(task))
    others = [record for record in story.records if task.id not in getattr(record, "task_ids", ())]
    story.records = others
    story.refuse(task.id)
    assert rules(story) == {("unsent", "refused")}


def test_a_task_under_another_id_than_it_was_sent_with(story: Story) -> None:
    sent, found = story.enqueue(), story.enqueue()
    story.tasks.remove(sent)
    story.complete(story.start(found))
    renamed = [
        msgspec.structs.replace(record, task_ids=(found.id,)) if isinstance(record, Ok) and sent.id in record.task_ids
        else record
        for record in story.records
    ]  # fmt: skip
    assert rules(story, history=History.of(renamed)) == {("unsent", "renamed")}


def test_two_final_rows(story: Story) -> None:
    tables = story.tables
    twice = msgspec.structs.replace(tables, finished=tables.finished * 2, counters={**tables.counters, "completed": 2})
    assert rules(story, twice) == {("accepted", "twice")}


def test_a_task_that_is_finished_and_unfinished(story: Story) -> None:
    tables = story.tables
    [row] = tables.finished
    ready = msgspec.structs.replace(row, state=State.READY, worker_id=None, result=None)
    both = msgspec.structs.replace(tables, unfinished=(ready,), counters={**tables.counters, "pending": 1})
    assert rules(story, both) == {("accepted", "twice"), ("drained", "unfinished")}


def test_a_result_that_no_run_returned(story: Story) -> None:
    assert rules(story, story.changed(story.tasks[0], result=str(uuid4()))) == {("accepted", "unbacked")}


def test_a_result_of_a_run_that_failed(story: Story) -> None:
    failed = [
        msgspec.structs.replace(record, outcome="failed") if isinstance(record, End) else record
        for record in story.records
    ]
    assert rules(story, history=History.of(failed)) == {("accepted", "unbacked")}


def frozen(story: Story) -> tuple[Story, str]:
    """A story in which a frozen worker came too late, and the execution id that it would have returned."""
    late = story.start(story.enqueue())
    story.complete(story.freeze(late, "worker-2"))
    story.pass_time(60.0)
    return story, str(late.id)


def test_an_outcome_under_an_older_token(story: Story) -> None:
    story, late = frozen(story)
    assert rules(story) == set()
    assert rules(story, story.changed(story.tasks[-1], result=late)) == {("fence", "fence")}


def test_an_outcome_of_a_worker_that_had_lost_its_lease_though_runs_tell_no_tokens(story: Story) -> None:
    story, late = frozen(story)
    untold = History.of(
        msgspec.structs.replace(record, token=None) if hasattr(record, "token") else record for record in story.records
    )
    assert rules(story, history=untold) == set()
    assert rules(story, story.changed(story.tasks[-1], result=late), history=untold) == {("fence", "fence")}


def test_an_outcome_of_another_attempt(story: Story) -> None:
    assert rules(story, story.changed(story.tasks[0], attempt=2)) == {("fence", "fence")}


@pytest.mark.parametrize("outcome", ["failed", "stale", "crashed"])
def test_a_trail_with_a_token_not_older_than_the_accepted_one(story: Story, outcome: str) -> None:
    task = story.tasks[0]
    entry = Trail(at=story.at(60.0), attempt=1, token=task.token, outcome=outcome)
    assert ("fence", "fence") in rules(story, story.changed(task, attempts=(entry,)))


def test_tokens_that_do_not_rise(story: Story) -> None:
    trail = tuple(Trail(at=story.at(60.0), attempt=1, token=token, outcome="failed") for token in (0, -1))
    assert rules(story, story.changed(story.tasks[0], attempts=trail)) == {("fence", "fence")}


def test_a_backlog_that_did_not_drain(story: Story) -> None:
    story.enqueue()
    assert rules(story) == {("drained", "unfinished")}


def test_what_is_due_later_is_no_backlog(story: Story) -> None:
    later = story.enqueue(delay=3600.0)
    later.state = State.SCHEDULED
    assert rules(story) == set()


@pytest.mark.parametrize(
    "facts",
    [
        lambda story: {"picked_at": story.at(90.0)},
        lambda story: {"started_at": story.at(90.0)},
        lambda story: {"finished_at": story.at(90.0)},
        lambda _: {"started_at": None},
        lambda _: {"picked_at": None},
        lambda _: {"max_attempts": 0},
        lambda _: {"attempt": 0},
        lambda _: {"crash_count": -1},
        lambda story: {"attempts": tuple(Trail(at=story.at(ago), outcome="stale") for ago in (50.0, 55.0))},
        lambda story: {"attempts": (Trail(at=story.at(50.0), outcome="retried"),)},
        lambda story: {"attempts": (Trail(at=story.at(50.0), outcome="cancelled"),)},
        lambda story: {"attempts": tuple(Trail(at=story.at(50.0), outcome=each) for each in ("dead", "failed"))},
    ],
)
def test_an_illegal_order(story: Story, facts: Callable[[Story], dict[str, object]]) -> None:
    assert ("order", "order") in rules(story, story.changed(story.tasks[0], **facts(story)))


def test_a_final_state_among_the_unfinished(story: Story) -> None:
    tables = story.tables
    misplaced = msgspec.structs.replace(tables, unfinished=tables.finished, finished=())
    assert ("order", "order") in rules(story, misplaced)


def test_a_run_before_its_delay_was_over(story: Story) -> None:
    task = story.enqueue(delay=5.0)
    task.due = story.now
    story.complete(story.start(task))
    assert rules(story) == {("due", "early")}


def test_a_run_before_its_delay_was_over_and_before_somebody_wanted_it_at_once(story: Story) -> None:
    task = story.enqueue(delay=5.0)
    task.due = story.now
    story.start(task)
    story.pass_time(1.0)
    story.steer("cancel", task)
    story.steer("retry", task)
    story.complete(story.start(task))
    assert rules(story) == {("due", "early")}


@pytest.mark.parametrize("answer", ["refused", "nothing changed"])
def test_a_retry_without_effect_hurries_no_delayed_task(story: Story, answer: str) -> None:
    task = story.enqueue(delay=5.0)
    story.vain_retry(task, refused=answer == "refused")
    task.due = story.now
    story.complete(story.start(task))
    assert rules(story) == {("due", "early")}


def test_a_run_before_the_time_in_its_row(story: Story) -> None:
    task = story.enqueue(delay=0.001)
    story.complete(story.start(task))
    late = story.at(-10.0)
    tables = story.changed(task, scheduled_at=late, picked_at=late, started_at=late, finished_at=late)
    assert rules(story, tables) == {("due", "early")}


@pytest.mark.parametrize("name", ["pending", "running", "completed", "failed", "cancelled"])
def test_a_counter_that_is_off_by_one(story: Story, name: str) -> None:
    tables = story.tables
    counters = {**tables.counters, name: tables.counters[name] + 1}
    assert rules(story, msgspec.structs.replace(tables, counters=counters)) == {("counted", "miscounted")}


def test_a_process_that_has_grown(story: Story) -> None:
    story.measure("worker-1", baseline=100 * 2**20, final=500 * 2**20)
    assert rules(story) == {("memory", "memory")}


def test_a_process_that_is_not_there_at_the_end(story: Story) -> None:
    story.measure("worker-1", baseline=100 * 2**20, final=100 * 2**20)
    story.measure("worker-2", baseline=100 * 2**20, final=100 * 2**20)
    story.records.pop()
    assert rules(story) == {("memory", "memory")}


def quarantined(story: Story) -> Story:
    """A task that killed three workers."""
    task = story.enqueue()
    for worker in ("worker-1", "worker-2", "worker-3"):
        story.kill(story.start(task, worker))
    return story


def test_a_quarantine_after_two_crashes(story: Story) -> None:
    task = quarantined(story).tasks[-1]
    assert rules(story) == set()
    assert rules(story, story.changed(task, crash_count=2)) == {("quarantine", "quarantined")}


def test_a_quarantine_for_crashes_that_the_trail_does_not_tell_of(story: Story) -> None:
    task = quarantined(story).tasks[-1]
    assert rules(story, story.changed(task, attempts=tuple(task.trail[1:]))) == {("quarantine", "quarantined")}


def test_a_quarantine_for_a_crash_that_did_not_happen(story: Story) -> None:
    task = quarantined(story).tasks[-1]
    kept = [record for record in story.records if getattr(record, "target", "") != "worker-3"]
    assert ("quarantine", "quarantined") in rules(story, history=History.of(kept))
    assert task.state is State.QUARANTINED


def test_three_crashes_without_a_quarantine(story: Story) -> None:
    assert rules(story, story.changed(story.tasks[0], crash_count=3)) == {("quarantine", "quarantined")}


def test_two_live_tasks_with_one_key(story: Story) -> None:
    one, other = story.enqueue(key="k"), story.enqueue(key="k")
    story.pass_time(5.0)
    for task in (one, other):
        story.complete(story.start(task))
    assert rules(story) == {("unique", "unique")}


def test_a_key_may_be_taken_again_while_its_first_task_is_over(story: Story) -> None:
    one = story.enqueue(key="k")
    story.steer("cancel", one)
    story.pass_time(5.0)
    run = story.start(story.enqueue(key="k"))
    story.pass_time(5.0)
    story.complete(run)
    story.pass_time(5.0)
    story.steer("retry", one)
    story.complete(story.start(one))
    assert rules(story) == set()


def test_a_cancelled_task_that_is_complete_all_the_same(story: Story) -> None:
    task = story.enqueue()
    story.steer("cancel", task)
    story.complete(story.start(task))
    assert rules(story) == {("steered", "steered")}
