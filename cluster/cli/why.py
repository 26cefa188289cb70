"""`taskmaster why`, `commands`: why a task is not running, and what the workers offer."""

from typing import Annotated
from uuid import UUID

import typer

from cluster.cli.console import one_line, out, print_json, table
from cluster.cli.options import Json, Url, client
from cluster.client import Command, Parameter

Id = Annotated[UUID, typer.Argument(metavar="ID", help="The task's id.", show_default=False)]


def why(task_id: Id, json: Json = False, url: Url = None) -> None:
    """Say why a task is not running, and what to do.

    \b
    taskmaster why 0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70
    """
    with client(url) as cluster:
        told = cluster.why(task_id)
    if json:
        print_json(told)
        return
    for sentence in filter(None, (told.summary, told.advice)):
        typer.echo(one_line(sentence, 2_000))


def commands(json: Json = False, url: Url = None) -> None:
    """Show what the workers offer: each command and the arguments that its payload gives.

    An argument with a default shows it; `…`: it takes others, too.
    """
    with client(url) as cluster:
        found = cluster.commands()
    if json:
        print_json(found)
    elif found:
        rows = [(one.command, one.workers, _signature(one), one.description or None) for one in found]
        out().print(table(("command", "workers", "arguments", "description"), rows, right=("workers",)))
    else:
        typer.echo("no worker is online", err=True)


def _signature(command: Command) -> str | None:
    if command.parameters is None:
        return None
    told = [_argument(one) for one in command.parameters]
    return " ".join([*told, "…"] if command.open else told)


def _argument(one: Parameter) -> str:
    kind = f":{one.type}" if one.type else ""
    return f"{one.name}{kind}" if one.required else f"[{one.name}{kind}={one.default}]"
