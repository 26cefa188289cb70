"""Waiting asks about few tasks at a time and finds all of them in the end."""

import random
from datetime import UTC, datetime

import pytest

from cluster.client.answers import Task
from cluster.client.watchlist import Watchlist
from cluster.core.errors import NotFound
from cluster.core.task import Status
from cluster.runtime.ids import new_id

NOW = datetime(2031, 5, 1, tzinfo=UTC)


def seen(task_id, over):
    return Task(task_id, "noop", Status.COMPLETE if over else Status.STARTED, NOW)


def play(task_ids, finished_by):
    """Ask until done; `finished_by(n)` is the set of tasks that are over at the n-th question. How many were asked."""
    watchlist, asked, pauses = Watchlist(task_ids), 0, []
    for turn in range(100_000):
        if watchlist.done:
            return watchlist, asked, pauses
        group = watchlist.group()
        asked += len(group)
        over = finished_by(turn)
        _, pause = watchlist.saw(group, [seen(task_id, task_id in over) for task_id in group])
        pauses.append(pause)
    raise AssertionError(f"never done: {watchlist}")


@pytest.fixture
def task_ids():
    return [new_id() for _ in range(1000)]


def test_tasks_that_are_all_over_are_asked_about_once_and_without_a_pause(task_ids):
    watchlist, asked, pauses = play(task_ids, lambda turn: set(task_ids))
    assert asked == 1000
    assert set(pauses) == {0.0}
    assert [task.task_id for task in watchlist.finished] == task_ids


def test_tasks_that_finish_in_order_are_each_asked_about_a_few_times_at_most(task_ids):
    _, asked, _ = play(task_ids, lambda turn: set(task_ids[: turn * 100]))
    assert asked < 3 * len(task_ids)


def test_a_stuck_head_does_not_hide_the_others(task_ids):
    rest = set(task_ids[100:])
    watchlist = Watchlist(task_ids)
    for _ in range(300):
        group = watchlist.group()
        watchlist.saw(group, [seen(task_id, task_id in rest) for task_id in group])
    assert {task.task_id for task in watchlist.finished} == rest


def test_tasks_that_finish_in_any_order_are_all_found(task_ids):
    shuffled = random.Random(7).sample(task_ids, len(task_ids))
    watchlist, _, _ = play(task_ids, lambda turn: set(shuffled[: turn * 10]))
    assert [task.task_id for task in watchlist.finished] == task_ids


def test_questions_that_find_nothing_come_more_seldom(task_ids):
    watchlist = Watchlist(task_ids)
    pauses = []
    for _ in range(20):
        group = watchlist.group()
        pauses.append(watchlist.saw(group, [seen(task_id, False) for task_id in group])[1])
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0


def test_few_tasks_are_all_asked_about_each_time(task_ids):
    few = task_ids[:200]
    watchlist = Watchlist(few)
    for _ in range(3):
        assert watchlist.group() == few


def test_a_group_that_is_too_large_for_an_answer_is_halved_until_one_is_left(task_ids):
    watchlist, sizes = Watchlist(task_ids), []
    while True:
        group = watchlist.group()
        sizes.append(len(group))
        if not watchlist.asks_less(group):
            break
    assert sizes == [200, 100, 50, 25, 12, 6, 3, 1]


def test_small_groups_find_all_tasks_in_the_end(task_ids):
    watchlist = Watchlist(task_ids)
    assert watchlist.asks_less(watchlist.group()[:6])
    while not watchlist.done:
        group = watchlist.group()
        assert 0 < len(group) <= 3
        watchlist.saw(group, [seen(task_id, True) for task_id in group])
    assert [task.task_id for task in watchlist.finished] == task_ids


def test_the_same_task_twice_is_asked_about_once_and_told_twice(task_ids):
    watchlist, asked, _ = play([task_ids[0], task_ids[0]], lambda turn: {task_ids[0]})
    assert asked == 1
    assert len(watchlist.finished) == 2


def test_a_task_that_nobody_knows_is_not_waited_for():
    with pytest.raises(NotFound, match="there is no task"):
        Watchlist([new_id()]).saw([new_id()], [])


def test_nothing_to_wait_for_is_done():
    assert Watchlist([]).done
