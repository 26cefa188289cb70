"""Cancel and retry with both clients against a real cluster."""

import pytest

from cluster.client import new_task
from cluster.core.errors import InvalidTask, NotFound, WrongState
from cluster.core.task import Status
from cluster.runtime.ids import new_id
from tests.client.test_client import client, listed
from tests.fixtures.eventually import eventually

__all__ = ["client"]


async def test_a_task_is_cancelled_and_run_again(client):
    task_id = (await client.schedule("noop", delay=3600)).task_id
    first, second = await client.cancel(task_id), await client.cancel(str(task_id))
    assert (first.task_id, first.changed, first.was, first.status) == (task_id, True, "scheduled", Status.CANCELLED)
    assert (second.changed, second.status) == (False, Status.CANCELLED)
    assert (await client.retry(task_id)).changed
    [task] = await client.wait([task_id])
    assert (task.status, [one.outcome for one in task.attempts]) == (Status.COMPLETE, ["cancelled", "retried"])


async def test_a_running_task_is_cancelled_and_its_slot_is_free_again(client):
    task_id = (await client.schedule("shell", {"argv": ["sleep", "600"]})).task_id

    async def running():
        return (await client.status(task_id)).status is Status.STARTED

    async def idle():
        return [worker.running for worker in await client.workers()] == [0]

    await eventually(running)
    assert (await client.cancel(task_id)).was == "running"
    assert (await client.status(task_id)).status is Status.CANCELLED
    await eventually(idle)
    [task] = await client.wait([(await client.schedule("noop")).task_id])
    assert task.status is Status.COMPLETE


async def test_what_cannot_be_is_an_error_that_says_why(client):
    task_id = (await client.schedule("noop")).task_id
    await client.wait([task_id])
    for asked in (client.cancel, client.retry):
        with pytest.raises(WrongState, match="it is complete"):
            await asked(task_id)
        with pytest.raises(NotFound, match="there is no task"):
            await asked(new_id())
        with pytest.raises(InvalidTask, match="not the id of a task"):
            await asked("../workers/kill")


async def test_many_are_cancelled_and_run_again_by_ids_and_by_filters(client):
    queue = f"q{new_id()}"
    ids = await client.schedule_many([new_task("noop", queue=queue, delay=3600) for _ in range(3)])
    changes = await client.cancel_tasks([ids[0], new_id()])
    assert (changes.changed, changes.task_ids, changes.refused) == (1, [ids[0]], 1)
    assert changes.reasons == {"there is no such task": 1}
    changes = await client.cancel_tasks(queue=queue, limit=1)
    assert (changes.changed, changes.more) == (1, True)
    assert (await client.cancel_tasks(queue=queue, status="scheduled", worker=None)).changed == 1
    assert (await client.retry_tasks(queue=queue, status="CANCELLED")).changed == 3
    assert {task.status for task in await client.wait(ids)} == {Status.COMPLETE}
    with pytest.raises(InvalidTask, match="say which tasks"):
        await client.cancel_tasks()


async def test_whoever_posts_twice_is_told_what_was_there_first(client):
    key = f"key-{new_id()}"
    first, second = [await client.schedule("noop", unique_key=key, delay=3600) for _ in range(2)]
    assert (first.created, second.created, first.task_id) == (True, False, second.task_id)


async def test_tasks_are_listed_by_their_finer_state_too(client):
    queue = f"q{new_id()}"
    [task_id] = await client.schedule_many([new_task("noop", queue=queue, delay=3600)])
    assert [task.task_id for task in await listed(client.tasks(queue=queue, status="scheduled"))] == [task_id]
    assert await listed(client.tasks(queue=queue, status="ready")) == []


async def test_who_waits_sees_what_is_unfinished(client):
    seen = []
    task_id = (await client.schedule("demo-job")).task_id
    await client.wait([task_id], unfinished=seen.append)
    assert {task.task_id for task in seen} == {task_id}
    assert not any(task.finished for task in seen)
