"""`taskmaster tasks`: list tasks, or show one."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from cluster.cli import moments
from cluster.cli.console import cause, one_line, out, print_json, progress_of, table, worker_name
from cluster.cli.options import Command, Json, Queue, Url, Worker, client
from cluster.client import Task
from cluster.client.calls import Which
from cluster.core.limits import LIST_ROWS_MAX
from cluster.core.task import State
from cluster.core.task import Status as TaskStatus

Id = Annotated[UUID | None, typer.Argument(metavar="[ID]", help="Show this task alone.", show_default=False)]
_FINER = {"scheduled", "leased", "parked", "isolated", "paused", "dead", "quarantined"}
_STATUSES = (*TaskStatus, *(state.name.lower() for state in State))


def _known(status: str | None) -> str | None:
    if status is not None and status not in _STATUSES:
        raise typer.BadParameter(f"{status!r} is none of: {', '.join(_STATUSES)}")
    return status


def _moment(text: str) -> datetime:
    """Of a time of day the one of today: what is looked for has mostly been."""
    now = datetime.now().astimezone()
    found = moments.moment(text, now)
    return found - timedelta(days=1) if found.date() > now.date() and len(text.strip()) <= 8 else found


Status = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        callback=_known,
        help="QUEUED, STARTED, COMPLETE, FAILED, CANCELLED; or in small letters the finer state: parked, dead, …",
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many.")]
Newest = Annotated[bool, typer.Option("--newest", help="Those that are due last come first.")]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", parser=_moment, help="Due then or later: 2031-05-01 09:00, 09:00."),
]
Before = Annotated[datetime | None, typer.Option("--before", metavar="TIME", parser=_moment, help="Due before then.")]
All = Annotated[bool, typer.Option("--all", help="All of them, however many.")]


def tasks(
    task_id: Id = None,
    *,
    status: Status = None,
    queue: Queue = None,
    command: Command = None,
    worker: Worker = None,
    since: Since = None,
    before: Before = None,
    newest: Newest = False,
    limit: Limit = 50,
    everything: All = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """List tasks in the order of their time, or show one.

    \b
    taskmaster tasks --status STARTED
    taskmaster tasks --status parked
    taskmaster tasks --newest --since 09:00
    taskmaster tasks --command hash-file --all --json
    taskmaster tasks 0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70
    """
    with client(url) as cluster:
        if task_id is not None:
            _show(cluster.status(task_id), json=json)
            return
        which = Which(
            status=status, queue=queue, command=command, worker=worker, scheduled_from=since, scheduled_to=before
        )
        size = LIST_ROWS_MAX if everything else min(limit, LIST_ROWS_MAX)
        # One more than asked for tells whether there are more.
        found = list(islice(cluster.tasks(page_size=size, newest=newest, **which), None if everything else limit + 1))
    listed = found if everything else found[:limit]
    if json:
        print_json(listed)
        return
    out().print(_table(listed))
    if len(found) > len(listed):
        typer.echo("… and more; --limit or --all shows them, --status or --command narrows it down", err=True)


def _table(listed: list[Task]) -> object:
    now = datetime.now(UTC)
    rows = [
        (
            task.task_id,
            task.command,
            _status(task),
            _attempt(task),
            task.crash_count or None,
            progress_of(task),
            moments.brief(task.scheduled_at, now),
            worker_name(task.worker_id),
            cause(task.error),
        )
        for task in listed
    ]
    columns = ("task", "command", "status", "attempt", "crashes", "progress", "due", "worker", "error")
    return table(columns, rows, right=("attempt", "crashes"))


def _status(task: Task) -> str:
    """The status, with the finer state where it says more: `QUEUED parked`, `FAILED dead`."""
    return f"{task.status} {task.state}" if task.state in _FINER else str(task.status)


def _attempt(task: Task) -> str | None:
    """Which attempt, of how many if the task says so; the first is nothing to tell."""
    if task.attempt <= 1:
        return None
    return str(task.attempt) if task.max_attempts is None else f"{task.attempt}/{task.max_attempts}"


def _show(task: Task, *, json: bool) -> None:
    if json:
        print_json(task)
        return
    shown = out()
    for name, value in msgspec.to_builtins(task).items():
        if value is None or name in {"error", "attempts"}:
            continue
        instant = getattr(task, name) if name.endswith("_at") else None
        shown.print(f"{name:<18}{one_line(moments.shown(instant) or _plain(value), 16_384)}")
    if task.attempts:
        shown.print("attempts")
        for one in task.attempts:
            about = (moments.shown(one.at), one.outcome, worker_name(one.worker_id), cause(one.error))
            shown.print(f"  {one.attempt or '-'} {one_line(' '.join(filter(None, about)))}")
    if task.error:
        shown.print("error")
        for line in task.error.splitlines():
            # Line by line: a traceback keeps its shape and loses its control characters.
            shown.print("  " + " " * (len(line) - len(line.lstrip())) + one_line(line))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
