"""Waiting for tasks to finish: a progress bar while they run, then what became of them."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import typer

from cluster.cli.console import cause, out, print_json_line, progress, table, worker_name
from cluster.client import Client, Task
from cluster.core.task import Status

_ROWS = 50
"""More results than these are told in numbers; --json tells them all."""


def wait(cluster: Client, task_ids: Sequence[UUID], *, json: bool) -> None:
    """Wait for all, print the results, and exit with 1 if any did not complete."""
    began = time.monotonic()
    tasks = _watched(cluster, task_ids)
    bad = [task for task in tasks if task.status is not Status.COMPLETE]
    if json:
        for task in tasks:
            print_json_line(_told(task))
    else:
        shown = tasks if len(tasks) <= _ROWS else bad[:_ROWS]
        if shown:
            out().print(results(shown))
        good = len(tasks) - len(bad)
        typer.echo(f"{good} complete, {len(bad)} failed or cancelled in {time.monotonic() - began:.1f} s")
    if bad:
        raise typer.Exit(1)


def results(tasks: Sequence[Task]) -> Any:
    """A table of what became of finished tasks."""
    rows = [(task.task_id, task.status, worker_name(task.worker_id), _seconds(task), _outcome(task)) for task in tasks]
    return table(("task", "status", "worker", "seconds", "outcome"), rows, right=("seconds",))


def _watched(cluster: Client, task_ids: Sequence[UUID]) -> list[Task]:
    with progress("waiting") as bar:
        row = bar.add_task("", total=len(set(task_ids)), remark="")
        bad = 0

        def seen(task: Task) -> None:
            nonlocal bad
            bad += task.status is not Status.COMPLETE
            bar.update(row, advance=1, remark=f"{bad} failed" if bad else "")

        return cluster.wait(task_ids, seen)


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
