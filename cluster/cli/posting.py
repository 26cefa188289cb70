"""What an `enqueue` command line asks for, and what of it cannot be meant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import typer

from cluster.cli import moments
from cluster.cli.values import HOLE, Template
from cluster.client import new_task
from cluster.client.posting import Options
from cluster.core.errors import TaskMasterError
from cluster.core.new_task import NewTask


@dataclass(frozen=True, slots=True)
class Posting:
    """What the command line asks for."""

    command: str
    template: Template
    options: Options

    def task(self, line: str | None = None) -> NewTask:
        """One task; `line` goes into every `{}`."""
        options = self.options
        key = options.get("unique_key")
        if line is not None and key is not None:
            options = {**options, "unique_key": key.replace(HOLE, line)}
        return new_task(self.command, self.template.payload(line), **options)

    def tasks(self, lines: Iterator[str]) -> Iterator[NewTask]:
        """One task per line. Raises InvalidTask, whose message tells the line."""
        for line in lines:
            try:
                yield self.task(line)
            except TaskMasterError as error:
                raise type(error)(f"{line[:80]!r}: {error.detail}") from error


def times(at: str | None, in_: str | None, timeout: str | None) -> Options:
    """--at, --in and --timeout as options of a task. Raises BadParameter."""
    if at is not None and in_ is not None:
        raise typer.BadParameter("give --at or --in, not both")
    return Options(
        at=None if at is None else moments.moment(at, datetime.now().astimezone()),
        delay=0.0 if in_ is None else moments.duration(in_),
        timeout=None if timeout is None else moments.duration(timeout),
    )


def check_many(options: Options, count: int | None, each: str | None, payload: str | None) -> None:
    """Refuse options that cannot go together. Raises BadParameter."""
    many = count is not None or each is not None
    if count is not None and each is not None:
        raise typer.BadParameter("give --count or --each, not both")
    if many and options.get("task_id") is not None:
        raise typer.BadParameter("--id names one task; it goes with neither --count nor --each")
    if count is not None and options.get("unique_key") is not None:
        raise typer.BadParameter("--unique-key would make one task of all --count")
    if each == payload == "-":
        raise typer.BadParameter("stdin cannot be both --payload and --each")


def check_holes(posting: Posting) -> None:
    """Refuse an --each whose lines go nowhere. Raises BadParameter."""
    if not posting.template.has_hole:
        raise typer.BadParameter("--each needs {} in a value, where the line goes: path={}")
    key = posting.options.get("unique_key")
    if key is not None and HOLE not in key:
        raise typer.BadParameter("--unique-key needs {} with --each, or all lines make one task")
