"""How things are shown: plain text that is never taken for markup, tables for people, JSON for pipes."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cluster.client import Task

_LIFE = re.compile(r"-[0-9a-f]{8}$")
_WHOLE = {"task", "worker", "status", "due"}
"""Columns that are copied from or looked for: where a terminal is narrow, the others give way."""
_PIPE_WIDTH = 240
"""Columns of a table that nobody's terminal limits: wide enough that ids and messages stay whole."""


def out() -> Console:
    """stdout. Markup and emoji codes are off: what tasks and people wrote is shown as it is."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(markup=False, emoji=False, highlight=False, width=width)


def err() -> Console:
    """stderr: progress and remarks."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def progress(title: str) -> Progress:
    """A progress bar on stderr, or nothing at all where stderr is not a terminal."""
    terminal = sys.stderr.isatty()
    return Progress(
        TextColumn(title, markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[remark]}", markup=False),
        # quiet: some versions of Rich end even a disabled bar with an empty line.
        console=Console(stderr=True, quiet=not terminal),
        transient=True,
        disable=not terminal,
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> Table:
    """Rows of anything under these headings, one line each; columns in `right` hold numbers. None is shown as -, and a
    column of nothing else not at all.
    """
    cells = list(rows)
    said = [place for place, _ in enumerate(columns) if not cells or any(row[place] is not None for row in cells)]
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in (columns[place] for place in said):
        shown.add_column(column, justify="right" if column in right else "left", no_wrap=column in _WHOLE)
    for row in cells:
        texts = ("-" if row[place] is None else one_line(str(row[place])) for place in said)
        shown.add_row(*(Text(text, no_wrap=True, overflow="ellipsis") for text in texts))
    return shown


def one_line(text: str, most: int = 400) -> str:
    """The text on one line, without control characters (a terminal would obey them), cut after `most` characters."""
    flat = " ".join(text.split())
    clean = "".join(character if character.isprintable() else "�" for character in flat)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def worker_name(worker_id: str | None) -> str | None:
    """What people call the worker whose id this is: the id without the eight digits of its process life."""
    return worker_id and _LIFE.sub("", worker_id)


def counted(number: int, noun: str) -> str:
    """1 task, 2 tasks."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def progress_of(task: Task) -> str | None:
    """How far a running task says that it is: 40 % what it does."""
    if task.progress is None:
        return None
    return f"{task.progress:.0%} {task.progress_message or ''}".strip()


def cause(error: str | None) -> str | None:
    """The line of an error that tells: of a traceback the last one, else the first."""
    if not error:
        return None
    first, *others = error.strip().splitlines() or [""]
    return others[-1] if others and first.startswith("Traceback") else first


def print_json(document: Any) -> None:
    """One JSON document, indented."""
    typer.echo(json.dumps(msgspec.to_builtins(document), indent=2, ensure_ascii=False))


def print_json_line(document: Any) -> None:
    """One line of JSON lines."""
    typer.echo(json.dumps(msgspec.to_builtins(document), ensure_ascii=False))
