"""`taskmaster queues`, `pause`, `resume`, `why`, `commands` against a real cluster."""

import json

import pytest

from cluster.client import Client, new_task
from cluster.core.task import Status
from cluster.runtime.ids import new_id
from tests.fixtures.eventually import eventually

NOBODY = "0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70"


@pytest.fixture
def client(ring):
    with Client(ring.url) as client:
        yield client


@pytest.fixture
def queue(client):
    """The name of a queue that only this test uses; it is left as it was."""
    name = f"q{new_id()}"
    yield name
    client.resume(name)
    client.cancel_tasks(queue=name)


async def test_a_queue_is_paused_and_its_tasks_wait_until_it_is_resumed(ring, client, queue):
    first, second = [await ring.taskmaster("pause", queue) for _ in range(2)]
    assert (first.returncode, first.stdout) == (0, f"{queue} is paused\n")
    assert (second.returncode, second.stdout) == (0, f"nothing to do: {queue} is paused already\n")
    task_id = client.schedule("noop", queue=queue).task_id
    assert client.status(task_id).state == "paused"
    told = (await ring.taskmaster("why", str(task_id))).stdout
    assert told.startswith(f"The queue {queue} has been paused since ")
    assert f"taskmaster resume {queue}" in told
    assert (await ring.taskmaster("tasks", "--queue", queue)).stdout.count("QUEUED paused") == 1
    assert (await ring.taskmaster("resume", queue)).stdout == f"{queue} goes on\n"
    [task] = client.wait([task_id])
    assert task.status is Status.COMPLETE


async def test_what_was_ready_when_its_queue_was_paused_is_run_afterwards(ring, client, queue):
    client.pause(queue)
    ids = client.schedule_many(new_task("noop", queue=queue) for _ in range(50))
    assert {task.state for task in client.tasks(queue=queue)} == {"paused"}
    client.resume(queue)
    assert {task.status for task in client.wait(ids)} == {Status.COMPLETE}


async def test_queues_are_shown_with_what_waits_in_them(ring, client, queue):
    client.pause(queue)
    client.schedule("noop", queue=queue)
    shown = (await ring.taskmaster("queues")).stdout
    assert queue in shown

    async def counted():
        found = {one["queue"]: one for one in json.loads((await ring.taskmaster("queues", "--json")).stdout)}
        return (found[queue]["paused"], found[queue]["waiting"]) == (True, 1)

    await eventually(counted)


async def test_why_says_what_a_task_waits_for(ring, client, queue):
    task_id = client.schedule("noop", delay=3600, queue=queue).task_id
    assert (await ring.taskmaster("why", str(task_id))).stdout.startswith("It is not due until ")
    told = json.loads((await ring.taskmaster("why", str(task_id), "--json")).stdout)
    assert (told["reason"], told["state"]) == ("due_later", "scheduled")
    unknown = await ring.taskmaster("why", NOBODY)
    assert (unknown.returncode, "there is no task" in unknown.stderr) == (1, True)
    parked = client.schedule("no-such-command", queue=queue).task_id
    await eventually(lambda: client.why(parked).reason == "parked")


async def test_commands_are_shown_with_their_arguments(ring, client):
    shown = (await ring.taskmaster("commands")).stdout
    [shell] = [line for line in shown.splitlines() if line.startswith("shell")]
    assert "argv:array" in shell
    told = {one.command: one for one in client.commands()}
    assert told["shell"].parameters[0].name == "argv"
    assert told["noop"].workers == 1


async def test_tasks_are_listed_newest_first_and_between_two_times(ring, client, queue):
    ids = [str(client.schedule("noop", delay=3600 * (n + 1), queue=queue).task_id) for n in range(3)]
    listed = json.loads((await ring.taskmaster("tasks", "--queue", queue, "--newest", "--json")).stdout)
    assert [task["task_id"] for task in listed] == ids[::-1]
    middle = listed[1]["scheduled_at"]
    since = json.loads((await ring.taskmaster("tasks", "--queue", queue, "--since", middle, "--json")).stdout)
    before = json.loads((await ring.taskmaster("tasks", "--queue", queue, "--before", middle, "--json")).stdout)
    assert [[task["task_id"] for task in found] for found in (since, before)] == [ids[1:], ids[:1]]


async def test_a_dry_run_says_how_many_and_changes_nothing(ring, client, queue):
    ids = client.schedule_many(new_task("noop", queue=queue, delay=3600) for _ in range(3))
    done = await ring.taskmaster("cancel", "--queue", queue, "--dry-run")
    assert (done.returncode, done.stdout) == (0, "would have cancelled 3 tasks\n")
    one = await ring.taskmaster("cancel", str(ids[0]), "--dry-run")
    assert one.stdout == "would have cancelled 1 task\n"
    assert {task.status for task in client.tasks(queue=queue)} == {Status.QUEUED}


async def test_a_worker_that_nobody_knows_cannot_drain(ring):
    done = await ring.taskmaster("drain", "nobody")
    assert (done.returncode, "alive are: ring" in done.stderr) == (1, True)
