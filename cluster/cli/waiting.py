"""Waiting for tasks to finish: a progress bar while they run, then what became of them."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import typer
from rich.progress import Progress, TaskID

from cluster.cli.console import (
    cause,
    counted,
    one_line,
    out,
    print_json_line,
    progress,
    progress_of,
    table,
    worker_name,
)
from cluster.client import Client, Task
from cluster.core.task import Status

_ROWS = 50
"""More results than these are counted; --json tells them all."""
_PARKED = "parked"
_SWITCHES = {"shell": "SHELL_COMMANDS", "http": "HTTP_TARGETS"}
"""Built-in commands that workers offer only with a setting."""


def wait(cluster: Client, task_ids: Sequence[UUID], *, json: bool) -> None:
    """Wait for all, print the results, and exit with 1 if any did not complete."""
    began = time.monotonic()
    tasks = _watched(cluster, task_ids)
    bad = [task for task in tasks if task.status is not Status.COMPLETE]
    if json:
        for task in tasks:
            print_json_line(_told(task))
    else:
        _show(tasks, bad)
        good = len(tasks) - len(bad)
        typer.echo(f"{good} complete, {len(bad)} failed or cancelled in {time.monotonic() - began:.1f} s")
    if bad:
        raise typer.Exit(1)


def results(tasks: Sequence[Task]) -> Any:
    """A table of what became of finished tasks."""
    rows = [(task.task_id, task.status, worker_name(task.worker_id), _seconds(task), _outcome(task)) for task in tasks]
    return table(("task", "status", "worker", "seconds", "outcome"), rows, right=("seconds",))


def why_parked(task: Task) -> str:
    """Why a parked task waits, and what would help."""
    why = one_line(task.error or f"no worker online knows the command {task.command!r}")
    if variable := _SWITCHES.get(task.command):
        return f"{why}; {task.command} is off unless {variable} is set for the workers. Waiting for one that offers it"
    return f"{why}; waiting for one that does: `taskmaster worker --tasks MODULE`"


class _Watch:
    """What is seen while waiting. State: the bar and its row, how many failed, and which commands were told parked."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._alone = total == 1
        self._row: TaskID = bar.add_task("", total=total, remark="")
        self._bad = 0
        self._parked: set[str] = set()

    def finished(self, task: Task) -> None:
        self._bad += task.status is not Status.COMPLETE
        self._bar.update(self._row, advance=1, remark=f"{self._bad} failed" if self._bad else "")

    def unfinished(self, task: Task) -> None:
        if task.state == _PARKED and task.command not in self._parked:
            self._parked.add(task.command)
            typer.echo(f"{task.task_id} is parked: {why_parked(task)}", err=True)
        if self._alone:
            self._bar.update(self._row, completed=task.progress or 0, remark=one_line(progress_of(task) or ""))


def _watched(cluster: Client, task_ids: Sequence[UUID]) -> list[Task]:
    with progress("waiting") as bar:
        watch = _Watch(bar, len(set(task_ids)))
        return cluster.wait(task_ids, watch.finished, watch.unfinished)


def _show(tasks: Sequence[Task], bad: Sequence[Task]) -> None:
    """The results, or of many the first ones: what failed before what did not."""
    good = (task for task in tasks if task.status is Status.COMPLETE)
    shown = tasks if len(tasks) <= _ROWS else [*bad, *good][:_ROWS]
    if shown:
        out().print(results(shown))
    if left := len(tasks) - len(shown):
        typer.echo(f"… and {counted(left, 'more result')}; --json prints them all", err=True)


def _told(task: Task) -> dict[str, Any]:
    return {"task_id": task.task_id, "status": task.status, "result": task.result, "error": task.error}


def _outcome(task: Task) -> str | None:
    if task.error is not None:
        return cause(task.error)
    return None if task.result is None else msgspec.json.encode(task.result).decode()


def _seconds(task: Task) -> str | None:
    if task.started_at is None or task.finished_at is None:
        return None
    return f"{(task.finished_at - task.started_at).total_seconds():.3f}"
