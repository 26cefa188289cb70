"""`taskmaster tasks`, `workers`, `stats`, `logs`, `scale`, `kill` against a real cluster."""

import json
import select
import signal
import subprocess
import sys

import pytest

from cluster.client import Client, new_task
from cluster.runtime.ids import new_id
from tests.fixtures.eventually import eventually


@pytest.fixture
def client(ring):
    with Client(ring.url) as client:
        yield client


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def readable(process):
    return select.select([process.stdout], [], [], 0)[0]


@pytest.fixture
def start(ring):
    """Start `taskmaster ARGUMENTS`, to be ended by the test or at its end."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "cluster.cli", *arguments]
        process = subprocess.Popen(command, env=ring.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


async def test_tasks_are_listed_in_the_order_of_their_time(ring, client):
    queue = f"q{new_id()}"
    ids = client.schedule_many(new_task("noop", queue=queue, delay=3600 - n) for n in range(3))
    told = answer(await ring.taskmaster("tasks", "--queue", queue, "--json"))
    assert [task["task_id"] for task in told] == [str(one) for one in reversed(ids)]


async def test_a_limit_is_a_limit_and_says_so(ring, client):
    queue = f"q{new_id()}"
    client.schedule_many(new_task("noop", queue=queue, delay=3600) for _ in range(3))
    done = await ring.taskmaster("tasks", "--queue", queue, "-n", "2")
    assert len(done.stdout.splitlines()) == 3
    assert "and more" in done.stderr
    assert len(answer(await ring.taskmaster("tasks", "--queue", queue, "--all", "--json"))) == 3
    assert (await ring.taskmaster("tasks", "--queue", queue, "-n", "3")).stderr == ""


async def test_a_parked_task_shows_that_and_why(ring, client):
    task_id = client.schedule(f"nobody-knows-{new_id().hex[:8]}").task_id
    await eventually(lambda: client.status(task_id).state == "parked")
    listed = (await ring.taskmaster("tasks", "--status", "parked")).stdout
    assert str(task_id) in listed
    assert "QUEUED parked" in listed


async def test_one_task_is_shown_whole(ring, client):
    task_id = client.schedule("shell", {"argv": ["[bold]x[/bold]", "\x1b[31m"]}, max_attempts=1).task_id
    client.wait([task_id])
    shown = (await ring.taskmaster("tasks", str(task_id))).stdout
    assert "[bold]x[/bold]" in shown
    assert "\x1b" not in shown
    assert "FAILED" in shown
    assert answer(await ring.taskmaster("tasks", str(task_id), "--json"))["task_id"] == str(task_id)


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["tasks", "0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70"], 1, "there is no task"),
        (["tasks", "not-an-id"], 2, "UUID"),
        (["tasks", "--status", "done"], 2, "COMPLETE"),
        (["kill", "nobody"], 1, "no worker of that name"),
    ],
)
async def test_what_is_not_there_is_told(ring, arguments, code, why):
    done = await ring.taskmaster(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr
    assert "Traceback" not in done.stderr


async def test_workers_are_listed(ring):
    [worker] = answer(await ring.taskmaster("workers", "--json"))
    assert (worker["name"], worker["status"]) == ("ring", "online")
    assert worker["address"] in (await ring.taskmaster("workers")).stdout


async def test_stats_are_the_numbers_of_the_edge(ring, client):
    client.wait([client.schedule("noop").task_id])
    await eventually(lambda: client.stats().completed > 0)
    told = answer(await ring.taskmaster("stats", "--json"))
    assert told["total"] == sum(told[name] for name in ("pending", "running", "completed", "failed", "cancelled"))
    assert "per second" in (await ring.taskmaster("stats")).stdout


async def test_stats_may_be_watched_until_ctrl_c(start):
    watching = start("stats", "--watch", "--json", "--interval", "0.1")
    assert [json.loads(watching.stdout.readline())["total"] for _ in range(3)]
    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 130
    assert watching.stderr.read() == ""


async def test_logs_tell_the_last_events(ring, client):
    task_id = client.schedule("noop").task_id
    client.wait([task_id])

    async def told():
        done = await ring.taskmaster("logs", "--json")
        return [json.loads(line)["event"] for line in done.stdout.splitlines() if str(task_id) in line]

    async def complete():
        return (await told())[-1:] == ["task_completed"]

    await eventually(complete)
    assert (await told())[0] == "task_scheduled"
    assert len((await ring.taskmaster("logs", "-n", "1")).stdout.splitlines()) == 1


async def test_logs_are_followed_until_ctrl_c(start, client):
    following = start("logs", "-f", "-n", "0", "--json")
    # What is posted before it follows belongs to the past, so post until it tells one.
    await eventually(lambda: client.schedule("noop") and readable(following), timeout=20)
    event = json.loads(following.stdout.readline())
    assert event["id"]
    following.send_signal(signal.SIGINT)
    assert following.wait(20) == 130
    assert following.stderr.read() == ""


async def test_only_what_is_severe_enough_is_told(ring, client):
    client.wait([client.schedule("shell", {"argv": ["false"]}, max_attempts=1).task_id])

    async def levels():
        done = await ring.taskmaster("logs", "--level", "warning", "--json")
        return {json.loads(line)["level"] for line in done.stdout.splitlines()}

    await eventually(levels)
    assert await levels() <= {"warning", "error"}


async def test_a_reader_that_goes_away_ends_us_quietly(start, client):
    following = start("logs", "-f")
    following.stdout.readline()
    following.stdout.close()
    await eventually(lambda: client.schedule("noop") and following.poll() is not None, timeout=20)
    assert following.returncode == 1
    assert following.stderr.read() == ""


async def test_scaling_is_ordered(ring):
    assert answer(await ring.taskmaster("scale", "4", "--json")) == {"count": 4}
