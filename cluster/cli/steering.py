"""`taskmaster cancel`, `taskmaster retry`: call tasks off, or run them again; by their ids or by filters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from cluster.cli.console import counted, print_json
from cluster.cli.options import Command, Json, Queue, Url, Worker, client
from cluster.client import Change, Changes, Client
from cluster.client.calls import Which
from cluster.core.limits import STEERED_TASKS
from cluster.core.task import FINAL, UNSUCCESSFUL, State, status_of

Ids = Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="These tasks.", show_default=False)]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-n", min=1, max=STEERED_TASKS, help=f"At most this many. Default: {STEERED_TASKS}."),
]


DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say how many would be.")]


def _only(states: frozenset[State]) -> Callable[[str | None], str | None]:
    """A check that a --status is one of tasks in `states`."""
    known = list(dict.fromkeys(status_of(state).value for state in sorted(states)))
    known += [state.name.lower() for state in sorted(states)]

    def checked(status: str | None) -> str | None:
        if status is not None and status not in known:
            raise typer.BadParameter(f"{status!r} is none of: {', '.join(known)}")
        return status

    return checked


Unfinished = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        callback=_only(frozenset(State) - FINAL),
        help="QUEUED, STARTED; or in small letters the finer state: parked, running, … Default: all unfinished ones.",
    ),
]
Unsuccessful = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        callback=_only(UNSUCCESSFUL),
        help="FAILED, CANCELLED; or in small letters the finer state: dead, quarantined, … Default: all of these.",
    ),
]


def cancel(
    task_ids: Ids = None,
    *,
    status: Unfinished = None,
    queue: Queue = None,
    command: Command = None,
    worker: Worker = None,
    limit: Limit = None,
    dry_run: DryRun = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Call off tasks, whatever they are doing.

    Those with these ids, or those that fit all filters. A running one is
    stopped. Saying it twice does no harm. Exit code 1 if a task of these
    ids had ended otherwise, or is not known.

    \b
    taskmaster cancel 0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70
    taskmaster cancel --queue slow --dry-run
    taskmaster cancel --command thumbnail --status QUEUED --limit 100
    """
    wish = _Wish("cancelled", Client.cancel, Client.cancel_tasks)
    which = Which(status=status, queue=queue, command=command, worker=worker)
    _steer(wish, task_ids or (), limit, which, dry_run=dry_run, json=json, url=url)


def retry(
    task_ids: Ids = None,
    *,
    status: Unsuccessful = None,
    queue: Queue = None,
    command: Command = None,
    worker: Worker = None,
    limit: Limit = None,
    dry_run: DryRun = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Run tasks again that failed, were cancelled or are in quarantine.

    Those with these ids, or those that fit all filters. They are ready at
    once and keep the trail of their attempts. Saying it twice does no harm.
    Exit code 1 if a task of these ids is complete, not known, or a live
    task holds its unique key.

    \b
    taskmaster retry 0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70
    taskmaster retry --status FAILED --command thumbnail
    taskmaster retry --status quarantined
    """
    wish = _Wish("retried", Client.retry, Client.retry_tasks)
    which = Which(status=status, queue=queue, command=command, worker=worker)
    _steer(wish, task_ids or (), limit, which, dry_run=dry_run, json=json, url=url)


@dataclass(frozen=True, slots=True)
class _Wish:
    done: str
    one: Callable[[Client, UUID], Change]
    many: Callable[..., Changes]


def _steer(
    wish: _Wish, ids: Sequence[UUID], limit: int | None, which: Which, *, dry_run: bool, json: bool, url: str | None
) -> None:
    filters = any(value is not None for value in which.values())
    if ids and (filters or limit is not None):
        raise typer.BadParameter("give ids or filters, not both")
    if not ids and not filters:
        raise typer.BadParameter("say which tasks: ids, or at least one of --status, --queue, --command, --worker")
    with client(url) as cluster:
        if len(ids) == 1 and not dry_run:
            _tell_one(wish, wish.one(cluster, ids[0]), json=json)
            return
        changes = wish.many(cluster, ids or None, limit=limit, dry_run=dry_run, **which)
    _tell_many(wish, changes, json=json)
    if ids and changes.refused:
        raise typer.Exit(1)


def _tell_one(wish: _Wish, change: Change, *, json: bool) -> None:
    if json:
        print_json(change)
    elif change.changed:
        typer.echo(f"{wish.done} {change.task_id}; it was {change.was}")
    else:
        typer.echo(f"nothing to do for {change.task_id}: {change.detail}")


def _tell_many(wish: _Wish, changes: Changes, *, json: bool) -> None:
    if json:
        print_json(changes)
    else:
        left = ", ".join(f"{number} ({reason})" for reason, number in changes.reasons.items())
        done = f"would have {wish.done}" if changes.dry_run else wish.done
        typer.echo(f"{done} {counted(changes.count, 'task')}{f'; left alone: {left}' if left else ''}")
    if changes.more:
        typer.echo("… and more fit; say it again for the next ones", err=True)
