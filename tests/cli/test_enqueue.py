"""`taskmaster enqueue` against a real cluster."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from cluster.client import Client
from cluster.core.task import Status
from cluster.runtime.ids import new_id


@pytest.fixture
def client(ring):
    with Client(ring.url) as client:
        yield client


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_one_task_arrives_with_its_arguments(ring, client):
    done = await ring.taskmaster("enqueue", "noop", "n=1", "text=hello", "deep:=[true]", "--priority", "7", "--json")
    task = client.status(answer(done)["task_id"])
    assert task.payload == {"n": 1, "text": "hello", "deep": [True]}
    assert (task.command, task.priority, task.queue) == ("noop", 7, "default")


async def test_people_are_told_the_id_and_the_time(ring):
    done = await ring.taskmaster("enqueue", "noop", "--in", "1h")
    assert done.returncode == 0
    assert done.stdout.startswith("enqueued noop as 0")
    assert done.stderr == ""


async def test_options_reach_the_task(ring, client):
    key, task_id = f"key-{new_id()}", str(new_id())
    options = ["--queue", "slow", "--max-attempts", "9", "--timeout", "1m30s", "--unique-key", key, "--id", task_id]
    done = await ring.taskmaster("enqueue", "noop", *options, "--at", "2031-05-01T09:00+02:00", "--json")
    assert answer(done)["task_id"] == task_id
    task = client.status(task_id)
    assert (task.queue, task.max_attempts, task.timeout_seconds, task.unique_key) == ("slow", 9, 90.0, key)
    assert task.scheduled_at == datetime(2031, 5, 1, 7, tzinfo=UTC)


async def test_in_counts_from_now(ring, client):
    task = client.status(answer(await ring.taskmaster("enqueue", "noop", "--in", "1h", "--json"))["task_id"])
    assert task.scheduled_at - task.created_at == pytest.approx(timedelta(hours=1), abs=timedelta(milliseconds=5))


async def test_the_same_id_twice_is_one_task(ring):
    task_id = str(new_id())
    first, second = [await ring.taskmaster("enqueue", "noop", "--id", task_id, "--json") for _ in range(2)]
    assert answer(first) == {**answer(second), "created": True}
    assert answer(second)["created"] is False


async def test_what_is_known_already_is_not_called_enqueued(ring):
    key, task_id = f"key-{new_id()}", str(new_id())
    for options in (["--unique-key", key], ["--id", task_id]):
        first, second = [await ring.taskmaster("enqueue", "noop", *options, "--in", "1h") for _ in range(2)]
        assert first.stdout.startswith("enqueued noop as ")
        assert second.stdout.startswith("known already: noop as ")
    each = ["n={}", "--each", "-", "--unique-key", f"{key}-{{}}", "--in", "1h"]
    assert (await ring.taskmaster("enqueue", "noop", *each, stdin=b"1\n")).stdout == "enqueued 1 task\n"
    done = await ring.taskmaster("enqueue", "noop", *each, stdin=b"1\n2\n2\n")
    assert done.stdout == "enqueued 1 task, 2 known already\n"


async def test_times_are_shown_with_their_zone(ring):
    done = await ring.taskmaster("enqueue", "noop", "--at", "2031-05-01T09:00+02:00")
    shown = (await ring.taskmaster("tasks", done.stdout.split()[3])).stdout
    for text in (done.stdout, shown):
        [told] = re.findall(r"2031-05-01 [0-9:.]+[+-][0-9:]{5}", text)
        assert datetime.fromisoformat(told) == datetime(2031, 5, 1, 7, tzinfo=UTC)


async def test_waiting_tells_the_result(ring):
    done = await ring.taskmaster("enqueue", "demo-job", "--wait", "--json")
    [told] = lines(done)
    assert done.returncode == 0
    assert told.keys() == {"task_id", "status", "result", "error"}
    assert (told["status"], told["error"]) == ("COMPLETE", None)


async def test_waiting_for_a_task_that_fails_ends_with_1(ring):
    done = await ring.taskmaster("enqueue", "shell", 'argv:=["false"]', "--max-attempts", "1", "--wait", "--json")
    [told] = lines(done)
    assert done.returncode == 1
    assert told["status"] == "FAILED"
    assert told["error"]
    assert done.stderr == ""


async def test_people_see_why_a_task_failed(ring):
    done = await ring.taskmaster("enqueue", "shell", 'argv:=["rm", "[/red]"]', "--max-attempts", "1", "--wait")
    assert done.returncode == 1
    assert "the program must be one of true, false, echo, sleep" in done.stdout
    assert "0 complete, 1 failed" in done.stdout


async def test_a_count_is_so_many_tasks(ring, client):
    told = answer(await ring.taskmaster("enqueue", "noop", "--count", "1500", "--json"))
    assert told["count"] == len(set(told["task_ids"])) == 1500
    assert all(task.status is Status.COMPLETE for task in client.wait(told["task_ids"][-3:]))


async def test_each_line_is_a_task_in_the_order_of_the_lines(ring, client):
    names = ["a b", "2024", "[bold]", "ä", "--help", '"quoted"', "{}", "a\tb", "x=y"]
    done = await ring.taskmaster(
        "enqueue", "noop", "unused={}", "--each", "-", "--json", stdin="".join(f"{name}\n" for name in names).encode()
    )
    told = answer(done)
    assert [client.status(task_id).payload for task_id in told["task_ids"]] == [{"unused": name} for name in names]


async def test_thousands_of_lines_are_waited_for(ring):
    stdin = "".join(f"{number}\n" for number in range(2500)).encode()
    done = await ring.taskmaster("enqueue", "noop", "n:={}", "--each", "-", "--in", "1d", stdin=stdin)
    assert done.stdout == "enqueued 2500 tasks\n"
    done = await ring.taskmaster("enqueue", "noop", "--count", "2500", "--wait")
    assert done.returncode == 0, done.stderr
    assert "2500 complete, 0 failed" in done.stdout


async def test_lines_may_end_with_nul(ring, client):
    done = await ring.taskmaster("enqueue", "noop", "path={}", "--each", "-", "-0", "--json", stdin=b"a\nb\0c\0")
    assert [client.status(one).payload["path"] for one in answer(done)["task_ids"]] == ["a\nb", "c"]


async def test_each_line_may_have_its_own_unique_key(ring):
    prefix = new_id()
    arguments = ["noop", "n={}", "--each", "-", "--unique-key", f"{prefix}-{{}}", "--in", "1h", "--json"]
    told = answer(await ring.taskmaster("enqueue", *arguments, stdin=b"1\n2\n1\n"))
    assert told["task_ids"][0] == told["task_ids"][2] != told["task_ids"][1]


async def test_a_bad_line_is_named_and_what_was_enqueued_before_is_counted(ring):
    stdin = b"".join(b"%d\n" % number for number in range(1000)) + b"x\n" * 200 + b"\xff\n"
    done = await ring.taskmaster("enqueue", "noop", "n={}", "--each", "-", "--in", "1d", stdin=stdin)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "line 1201 of --each is not UTF-8" in done.stderr
    assert "1000 tasks enqueued before" in done.stderr
    assert len(done.stderr.splitlines()) == 1


async def test_no_lines_are_no_tasks(ring):
    assert (await ring.taskmaster("enqueue", "noop", "n={}", "--each", "-", "--wait")).stdout.startswith(
        "enqueued 0 tasks\n"
    )


@pytest.mark.parametrize("command", ["", "a b", "x\n"])
async def test_a_command_that_is_none_is_one_line_on_stderr(ring, command):
    done = await ring.taskmaster("enqueue", command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("taskmaster enqueue: command must")
    assert len(done.stderr.splitlines()) == 1


async def test_a_payload_comes_from_stdin(ring, client):
    done = await ring.taskmaster("enqueue", "noop", "--payload", "-", "b=2", "--json", stdin=b'{"a": 1, "b": 1}')
    assert client.status(answer(done)["task_id"]).payload == {"a": 1, "b": 2}
