"""`taskmaster enqueue`: post one task, the same task many times, or one task per line of input."""

import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import repeat
from typing import Annotated
from uuid import UUID

import typer

from cluster.cli import each as each_line
from cluster.cli import moments, waiting
from cluster.cli.console import counted, print_json, progress
from cluster.cli.options import Json, Url, client
from cluster.cli.posting import Posting, check_holes, check_many, times
from cluster.cli.values import template
from cluster.client import Client, calls
from cluster.client.posting import Options
from cluster.core.errors import TaskMasterError
from cluster.core.limits import ATTEMPTS_MAX, PRIORITY_MAX, PRIORITY_MIN
from cluster.core.new_task import NewTask

Command = Annotated[str, typer.Argument(metavar="NAME", help="The registered name of what to run.", show_default=False)]
Values = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Its keyword arguments.", show_default=False),
]
Payload = Annotated[
    str | None,
    typer.Option("--payload", metavar="JSON|@FILE|-", help="All arguments as one object; key=value overrides."),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When: ISO 8601 or HH:MM, local time unless it has an offset."),
]
In = Annotated[str | None, typer.Option("--in", metavar="DURATION", help="How long from now: 10s, 5m, 2h, 1d, 1h30m.")]
Count = Annotated[int | None, typer.Option("--count", min=1, max=1_000_000, help="The same task this many times.")]
Each = Annotated[
    str | None, typer.Option("--each", metavar="FILE|-", help="One task per line of FILE or stdin; {} is the line.")
]
Null = Annotated[bool, typer.Option("--null", "-0", help="--each: lines end with NUL, as find -print0 writes them.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until all are finished; exit code 1 if any failed.")]
Queue = Annotated[str, typer.Option("--queue", help="Which queue.")]
Priority = Annotated[int, typer.Option("--priority", min=PRIORITY_MIN, max=PRIORITY_MAX, help="Higher runs first.")]
Attempts = Annotated[
    int | None, typer.Option("--max-attempts", min=1, max=ATTEMPTS_MAX, help="Tries in all. Default: what NAME says.")
]
Timeout = Annotated[
    str | None, typer.Option("--timeout", metavar="DURATION", help="For one attempt: 30s, 5m. Default: what NAME says.")
]
UniqueKey = Annotated[
    str | None, typer.Option("--unique-key", help="Do not enqueue while a task with this key is unfinished.")
]
Id = Annotated[
    UUID | None, typer.Option("--id", metavar="UUID", help="The task's UUID: posting it twice makes one task.")
]


def enqueue(
    command: Command,
    values: Values = None,
    *,
    payload: Payload = None,
    at: At = None,
    in_: In = None,
    count: Count = None,
    each: Each = None,
    null: Null = False,
    wait: Wait = False,
    queue: Queue = "default",
    priority: Priority = 0,
    max_attempts: Attempts = None,
    timeout: Timeout = None,
    unique_key: UniqueKey = None,
    task_id: Id = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Post a task: NAME is what to run, key=value its keyword arguments.

    A value is JSON if it reads as JSON (size=128, deep=true), else text.
    key:=value must be JSON, and key='"128"' is text.
    With --each every {} in a value is replaced by the line, and the value
    stays text, unless it is written key:={}.

    \b
    taskmaster enqueue demo-job --wait
    taskmaster enqueue thumbnail path=/srv/a.jpg size=256 --in 10m --priority 5
    taskmaster enqueue noop --count 1000
    find /srv -type f | taskmaster enqueue hash-file path={} --each - --wait
    """
    options = Options(task_id=task_id, queue=queue, priority=priority, max_attempts=max_attempts, unique_key=unique_key)
    options.update(times(at, in_, timeout))
    check_many(options, count, each, payload)
    posting = Posting(command, template(values or (), payload, sys.stdin), options)
    if each is not None:
        check_holes(posting)
    with client(url) as cluster:
        if count is None and each is None:
            task_ids = [_post_one(cluster, posting.task(), silent=json and wait, json=json)]
        else:
            task_ids = _post_many(cluster, posting, count, each, b"\0" if null else b"\n", silent=json)
            if json and not wait:
                print_json({"count": len(task_ids), "task_ids": task_ids})
        if wait:
            waiting.wait(cluster, task_ids, json=json)


def _post_one(cluster: Client, task: NewTask, *, silent: bool, json: bool) -> UUID:
    posted = cluster.send(calls.schedule(task))
    if silent:
        return posted.task_id
    if json:
        print_json(posted)
        return posted.task_id
    # One of our own id was created, if not by this request then by one whose answer was lost.
    known = not posted.created and (task.id_given or posted.task_id != task.id)
    due = moments.shown(datetime.fromtimestamp(posted.scheduled_at).astimezone())
    done = "known already:" if known else "enqueued"
    typer.echo(f"{done} {posted.command} as {posted.task_id} for {due}")
    return posted.task_id


def _post_many(
    cluster: Client, posting: Posting, count: int | None, each: str | None, end: bytes, *, silent: bool
) -> list[UUID]:
    made: set[UUID] = set()
    if each is None:
        task_ids = _post(cluster, (posting.task() for _ in repeat(None, count or 0)), count)
    else:
        with each_line.opened(each) as file:
            task_ids = _post(cluster, _noted(posting.tasks(each_line.lines(file, end=end)), made), None)
    if not silent:
        # A unique key that a task had already: the answer has the id of that task, not the one we made.
        known = len(task_ids) - len(made.intersection(task_ids)) if made else 0
        remark = f", {known} known already" if known else ""
        typer.echo(f"enqueued {counted(len(task_ids) - known, 'task')}{remark}")
    return task_ids


def _noted(tasks: Iterator[NewTask], made: set[UUID]) -> Iterator[NewTask]:
    """The same tasks; the ids of those that may turn out to be known go into `made`."""
    for task in tasks:
        if task.unique_key is not None:
            made.add(task.id)
        yield task


def _post(cluster: Client, tasks: Iterator[NewTask], total: int | None) -> list[UUID]:
    """Post them, and if that fails, say how many had been enqueued."""
    done: list[UUID] = []
    try:
        with progress("enqueueing") as bar:
            row = bar.add_task("", total=total, remark="")

            def posted(task_ids: list[UUID]) -> None:
                done.extend(task_ids)
                bar.update(row, completed=len(done))

            return cluster.schedule_many(tasks, posted)
    except TaskMasterError as error:
        if not done:
            raise
        raise type(error)(f"{error.detail}; {counted(len(done), 'task')} enqueued before that") from error
