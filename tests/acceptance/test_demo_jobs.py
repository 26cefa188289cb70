"""Fifty jobs of one second on fifteen slots."""

from collections import Counter
from datetime import datetime

from tests.acceptance.cluster import Json, RunningCluster


def moment(task: Json, name: str) -> datetime:
    return datetime.fromisoformat(task[name])


def slots_worth(tasks: list[Json], *, slots: int) -> dict[str, float]:
    """Each worker's share of the tasks, counted in slots: exactly even is the same number for all."""
    done = Counter(str(task["worker_id"]) for task in tasks)
    return {worker: count / len(tasks) * slots for worker, count in done.items()}


async def test_fifty_one_second_jobs_on_fifteen_slots_finish_in_under_six_seconds(shared: RunningCluster) -> None:
    tasks = await shared.finished(shared.enqueue_many("demo-job", 50))

    assert {task["status"] for task in tasks} == {"COMPLETE"}
    began = min(moment(task, "created_at") for task in tasks)
    ended = max(moment(task, "completed_at") for task in tasks)
    # 50 jobs on 15 slots are four waves of one second.
    assert 4 <= (ended - began).total_seconds() < 6


async def test_every_job_was_picked_before_it_started_and_started_before_it_completed(shared: RunningCluster) -> None:
    tasks = await shared.finished(shared.enqueue_many("demo-job", 15))

    for task in tasks:
        assert moment(task, "created_at") <= moment(task, "picked_at"), task
        assert moment(task, "picked_at") <= moment(task, "started_at") <= moment(task, "completed_at"), task


async def test_jobs_that_fill_every_slot_are_spread_evenly(shared: RunningCluster) -> None:
    tasks = await shared.finished(shared.enqueue_many("demo-job", 15))

    assert set(slots_worth(tasks, slots=15).values()) == {5.0}
