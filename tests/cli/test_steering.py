"""`taskmaster cancel` and `retry` against a real cluster."""

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
    """The name of a queue that only this test uses; what is left in it is cancelled."""
    name = f"q{new_id()}"
    yield name
    client.cancel_tasks(queue=name)


def waiting(client, queue, count):
    return [str(one) for one in client.schedule_many(new_task("noop", queue=queue, delay=3600) for _ in range(count))]


def failed(client, queue):
    task_id = client.schedule("shell", {"argv": ["false"]}, max_attempts=1, queue=queue).task_id
    client.wait([task_id])
    return str(task_id)


async def test_one_task_is_cancelled_and_saying_it_twice_is_no_failure(ring, client, queue):
    [task_id] = waiting(client, queue, 1)
    first, second = [await ring.taskmaster("cancel", task_id) for _ in range(2)]
    assert (first.returncode, first.stdout) == (0, f"cancelled {task_id}; it was scheduled\n")
    assert (second.returncode, second.stdout) == (0, f"nothing to do for {task_id}: it is cancelled already\n")
    assert client.status(task_id).status is Status.CANCELLED


async def test_a_running_task_is_stopped(ring, client, queue):
    task_id = client.schedule("shell", {"argv": ["sleep", "600"]}, queue=queue).task_id
    await eventually(lambda: client.status(task_id).status is Status.STARTED)
    assert (await ring.taskmaster("cancel", str(task_id))).stdout == f"cancelled {task_id}; it was running\n"
    await eventually(lambda: [worker.running for worker in client.workers()] == [0])


async def test_one_task_is_run_again(ring, client, queue):
    task_id = failed(client, queue)
    done = await ring.taskmaster("retry", task_id, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["changed"], told["was"], told["status"]) == (0, True, "failed", "QUEUED")
    [task] = client.wait([task_id])
    assert [one.outcome for one in task.attempts] == ["failed", "retried"]


@pytest.mark.parametrize("what", ["cancel", "retry"])
async def test_what_cannot_be_is_one_line_on_stderr_and_1(ring, client, queue, what):
    task_id = client.schedule("noop", queue=queue).task_id
    client.wait([task_id])
    for one, why in ((str(task_id), "it is complete"), (NOBODY, "there is no task")):
        done = await ring.taskmaster(what, one)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"taskmaster {what}: ")
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1


async def test_many_ids_are_told_in_numbers_and_those_that_could_not_be_are_counted(ring, client, queue):
    first, second, third = waiting(client, queue, 3)
    client.cancel(third)
    complete = str(client.schedule("noop", queue=queue).task_id)
    client.wait([complete])
    done = await ring.taskmaster("cancel", first, second, third)
    assert (done.returncode, done.stdout) == (0, "cancelled 2 tasks; left alone: 1 (cancelled already)\n")
    done = await ring.taskmaster("cancel", first, complete)
    assert done.returncode == 1
    assert done.stdout == "cancelled 0 tasks; left alone: 1 (cancelled already), 1 (it is complete)\n"


async def test_tasks_are_chosen_by_filters(ring, client, queue):
    waiting(client, queue, 3)
    done = await ring.taskmaster("cancel", "--queue", queue, "--status", "QUEUED", "--limit", "2")
    assert (done.returncode, done.stdout) == (0, "cancelled 2 tasks\n")
    assert done.stderr == "… and more fit; say it again for the next ones\n"
    told = json.loads((await ring.taskmaster("cancel", "--queue", queue, "--json")).stdout)
    assert (told["changed"], told["more"]) == (1, False)
    done = await ring.taskmaster("retry", "--queue", queue, "--command", "noop", "--status", "CANCELLED")
    assert (done.returncode, done.stdout) == (0, "retried 3 tasks\n")
    done = await ring.taskmaster("retry", "--queue", queue, "--status", "dead")
    assert (done.returncode, done.stdout) == (0, "retried 0 tasks\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["cancel"], "say which tasks"), (["retry", "--limit", "5"], "say which tasks"),
        (["cancel", NOBODY, "--queue", "x"], "not both"), (["retry", NOBODY, "-n", "1"], "not both"),
        (["cancel", "--status", "COMPLETE"], "QUEUED"), (["retry", "--status", "running"], "quarantined"),
        (["cancel", "x"], "UUID"), (["cancel", "--queue", "x", "--limit", "10001"], "10000"),
    ],
)  # fmt: skip
async def test_a_command_line_that_is_wrong_changes_nothing_and_says_what_is_right(ring, arguments, why):
    done = await ring.taskmaster(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


async def test_a_task_shows_its_attempts(ring, client, queue):
    task_id = failed(client, queue)
    client.retry(task_id)
    client.wait([task_id])
    shown = (await ring.taskmaster("tasks", task_id)).stdout
    lines = shown.splitlines()
    first, second = lines[lines.index("attempts") + 1 :][:2]
    assert (first.split()[0], " failed ring " in first) == ("1", True)
    assert (second.split()[0], second.endswith(" retried by hand")) == ("-", True)
