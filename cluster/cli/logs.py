"""`taskmaster logs`: what happened, and with -f what happens."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from cluster.cli import moments
from cluster.cli.console import one_line, out, print_json_line
from cluster.cli.options import Url, client
from cluster.client import Client, LogEvent


class Level(StrEnum):
    """From this one on; the order is that of severity."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_SEVERITY = {level: place for place, level in enumerate(Level)}
_STYLES = {"debug": "dim", "warning": "yellow", "error": "red"}

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with live events until Ctrl-C.")]
Last = Annotated[int | None, typer.Option("--last", "-n", min=0, help="Begin with at most this many past events.")]
Least = Annotated[Level, typer.Option("--level", help="Only events as severe as this.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print JSON lines, for pipes.")]


def logs(
    follow: Follow = False, last: Last = None, level: Least = Level.DEBUG, json: JsonLines = False, url: Url = None
) -> None:
    """Show the last events of the cluster, and with -f the live ones.

    A connection that breaks is taken up where it broke, so that no event
    is missed or told twice.

    \b
    taskmaster logs -f
    taskmaster logs --level warning
    taskmaster logs -f --json | jq -r 'select(.event == "task_failed") | .task_id'
    """
    with client(url) as cluster:
        for event in _events(cluster, follow, last):
            if not _severe(event, level):
                continue
            if json:
                print_json_line(_told(event))
            else:
                out().print(_line(event), soft_wrap=True)


def _events(cluster: Client, follow: bool, last: int | None) -> Iterator[LogEvent]:
    past = cluster.logs() if not follow or last is not None else []
    surplus = 0 if last is None else max(0, len(past) - last)
    # The stream begins with the same past, so -n leaves out as many of its first ones.
    yield from islice(cluster.events() if follow else past, surplus, None)


def _severe(event: LogEvent, least: Level) -> bool:
    level = Level(event.level) if event.level in set(Level) else Level.ERROR
    return _SEVERITY[level] >= _SEVERITY[least]


def _told(event: LogEvent) -> dict[str, object]:
    return {name: value for name, value in msgspec.to_builtins(event).items() if value}


def _line(event: LogEvent) -> Text:
    line = Text(f"{moments.clock(event.timestamp)} ", style=_STYLES.get(event.level, ""))
    line.append(f"{one_line(event.event):<16} {one_line(event.msg)}")
    for name, about in (("task", event.task_id), ("worker", event.worker_id)):
        if about:
            line.append(f" {name}={one_line(about)}", style="dim")
    return line
