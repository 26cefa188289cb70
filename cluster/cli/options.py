"""Options that several commands share, and where the edge is."""

import os
from typing import Annotated

import typer

from cluster.client import Client
from cluster.runtime.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for pipes.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="TASKMASTER_URL",
        help="Where the edge is. Default: this machine, at SCHEDULER_PORT.",
        metavar="URL",
    ),
]

Queue = Annotated[str | None, typer.Option("--queue", help="Only of this queue.")]
Command = Annotated[str | None, typer.Option("--command", help="Only of this command.")]
Worker = Annotated[str | None, typer.Option("--worker", help="Only of this worker: its name or its id.")]


def edge_url(url: str | None) -> str:
    """The address of the edge: what was said, or what the settings of this machine say."""
    return url or Settings.from_env(os.environ).url


def client(url: str | None) -> Client:
    """A client of that edge; close it, or use it in a `with` statement."""
    return Client(edge_url(url))
