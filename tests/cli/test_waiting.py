"""`enqueue --wait`: what is seen while it waits, and what is shown in the end."""

from datetime import UTC, datetime

import pytest
from rich.progress import Progress

from cluster.cli import waiting
from cluster.cli.console import counted
from cluster.client import Client, Task
from cluster.core.task import Status
from cluster.runtime.ids import new_id
from tests.cli.test_look import start
from tests.fixtures.eventually import eventually

__all__ = ["start"]

NOW = datetime(2031, 5, 1, tzinfo=UTC)


def task(status=Status.STARTED, **facts):
    return Task(new_id(), "noop", status, NOW, **facts)


@pytest.mark.parametrize(
    ("command", "hint"),
    [("http", "http is off unless HTTP_TARGETS is set"), ("nobody-knows-this", "`taskmaster worker --tasks MODULE`")],
)
async def test_who_waits_for_a_parked_task_is_told_why_and_what_helps(ring, start, command, hint):
    process = start("enqueue", command, "--wait")
    task_id = process.stdout.readline().split()[3]
    told = process.stderr.readline()
    assert told.startswith(f"{task_id} is parked: no worker online knows the command '{command}'; ")
    assert hint in told
    with Client(ring.url) as client:
        client.cancel(task_id)
    assert process.wait(30) == 1
    assert process.stderr.read() == ""
    assert "CANCELLED" in process.stdout.read()


async def test_the_progress_of_a_task_moves_the_bar(capsys):
    bar = Progress(disable=True)
    watch = waiting._Watch(bar, 1)
    watch.unfinished(task(progress=0.4, progress_message="at \x1b[31mpage 3"))
    assert bar.tasks[0].completed == 0.4
    assert bar.tasks[0].fields["remark"] == "40% at �[31mpage 3"
    watch.unfinished(task())
    assert bar.tasks[0].fields["remark"] == ""


def test_each_command_is_told_parked_once(capsys):
    watch = waiting._Watch(Progress(disable=True), 3)
    for _ in range(3):
        watch.unfinished(task(Status.QUEUED, state="parked"))
    assert capsys.readouterr().err.count("is parked") == 1


async def test_of_many_results_the_failed_ones_come_first_and_the_rest_is_counted(capsys):
    good = [task(Status.COMPLETE, result=n) for n in range(60)]
    bad = [task(Status.FAILED, error="broken")]
    waiting._show([*good, *bad], bad)
    shown = capsys.readouterr()
    rows = shown.out.splitlines()[1:]
    assert "broken" in rows[0]
    assert len(rows) == 50
    assert shown.err == "… and 11 more results; --json prints them all\n"
    waiting._show(good[:50], [])
    assert capsys.readouterr().err == ""


async def test_the_trail_of_an_unlucky_task_is_a_row_of_its_own_columns(ring):
    """Where nothing went wrong, nothing is said of it."""
    key = f"q{new_id()}"
    await ring.taskmaster("enqueue", "noop", "--queue", key, "--in", "1h")
    heading = (await ring.taskmaster("tasks", "--queue", key)).stdout.splitlines()[0]
    assert heading.split() == ["task", "command", "status", "due"]
    failing = ["enqueue", "shell", 'argv:=["false"]', "--queue", key, "--max-attempts", "2"]
    await ring.taskmaster(*failing)

    async def tried_again():
        return "2/2" in (await ring.taskmaster("tasks", "--queue", key)).stdout

    await eventually(tried_again)


def test_one_is_not_counted_as_many():
    assert (counted(1, "worker"), counted(0, "worker"), counted(2, "worker")) == ("1 worker", "0 workers", "2 workers")
