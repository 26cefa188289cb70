"""`taskmaster queues`, `pause`, `resume`: what waits in each queue, and whether it may run."""

from typing import Annotated

import typer

from cluster.cli import moments
from cluster.cli.console import out, print_json, table
from cluster.cli.options import Json, Url, client
from cluster.client import Pause, Queue

Name = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's name.", show_default=False)]


def queues(json: Json = False, url: Url = None) -> None:
    """Show the queues that are paused or have tasks.

    Where more than 10,000 tasks wait, the numbers are those of the first.
    """
    with client(url) as cluster:
        found = cluster.queues()
    if json:
        print_json(found)
    elif found:
        out().print(table(_COLUMNS, map(_row, found), right=_COLUMNS[2:]))
        if any(queue.partial for queue in found):
            typer.echo("… and more: these are the numbers of the first 10,000 tasks of each state", err=True)
    else:
        typer.echo("no queue has tasks, and none is paused", err=True)


def pause(queue: Name, json: Json = False, url: Url = None) -> None:
    """Let no task of QUEUE begin, until `taskmaster resume`.

    What runs goes on. Tasks are taken as ever, and wait.

    \b
    taskmaster pause thumbnails
    """
    with client(url) as cluster:
        _tell(cluster.pause(queue), json=json)


def resume(queue: Name, json: Json = False, url: Url = None) -> None:
    """Let the tasks of QUEUE begin again.

    \b
    taskmaster resume thumbnails
    """
    with client(url) as cluster:
        _tell(cluster.resume(queue), json=json)


_COLUMNS = ("queue", "paused since", "waiting", "running", "scheduled", "parked")


def _row(queue: Queue) -> tuple[object, ...]:
    numbers = (queue.waiting, queue.running, queue.scheduled, queue.parked)
    return queue.queue, moments.shown(queue.paused_at), *numbers


def _tell(done: Pause, *, json: bool) -> None:
    if json:
        print_json(done)
    else:
        now = "is paused" if done.paused else "goes on"
        typer.echo(f"{done.queue} {now}" if done.changed else f"nothing to do: {done.queue} {now} already")
