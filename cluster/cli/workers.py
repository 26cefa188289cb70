"""`taskmaster workers`, `scale`, `drain`, `kill`: who works, how many shall, and who shall not."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from cluster.cli.console import counted, out, print_json, progress, table
from cluster.cli.options import Json, Url, client
from cluster.client import Client, Worker
from cluster.core.errors import TaskMasterError
from cluster.core.limits import WORKERS_MAX

PATIENCE = 60.0
"""Seconds that --wait waits for the workers."""

Count = Annotated[int, typer.Argument(min=1, max=WORKERS_MAX, help="How many workers.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The worker's name, as `taskmaster workers` shows it.", show_default=False)]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until so many are online (and the others are gone).")]


def workers(json: Json = False, url: Url = None) -> None:
    """Show the workers: what they hold, what they have done, when they were last heard of."""
    with client(url) as cluster:
        found = cluster.workers()
    if json:
        print_json(found)
    elif found:
        out().print(worker_table(found))
    else:
        typer.echo("no worker is online", err=True)


def scale(count: Count, wait: Wait = False, json: Json = False, url: Url = None) -> None:
    """Run COUNT workers. New ones start, those that are too many drain: no task fails by it.

    The supervisor makes it so; the order outlives a restart of anything.

    \b
    taskmaster scale 10
    taskmaster scale 2 --wait
    """
    with client(url) as cluster:
        cluster.scale(count)
        if wait:
            _wait_for(cluster, count)
    if json:
        print_json({"count": count})
    else:
        workers = counted(count, "worker")
        typer.echo(f"{workers} {'is' if count == 1 else 'are'} online" if wait else f"asked for {workers}")


def kill(name: Name, json: Json = False, url: Url = None) -> None:
    """Kill one worker as by SIGKILL. Its tasks are rescued and run elsewhere; the supervisor starts a new one.

    \b
    taskmaster kill worker-2
    """
    with client(url) as cluster:
        cluster.kill(name)
    if json:
        print_json({"name": name})
    else:
        typer.echo(f"asked for the end of {name}")


def drain(name: Name, json: Json = False, url: Url = None) -> None:
    """Let one worker finish what runs, and end. It takes no more; the supervisor starts another in its place.

    To have one fewer, use `taskmaster scale`.

    \b
    taskmaster drain worker-2
    """
    with client(url) as cluster:
        cluster.drain(name)
    if json:
        print_json({"name": name})
    else:
        typer.echo(f"asked {name} to drain")


def worker_table(found: list[Worker]) -> Table:
    """The workers, one a line."""
    now = datetime.now(UTC)
    rows = [
        (
            worker.name,
            worker.status,
            f"{worker.running}/{worker.slots}",
            worker.tasks_completed,
            worker.tasks_failed,
            f"{worker.rate:,.1f}",
            f"{max(0.0, (now - worker.last_heartbeat).total_seconds()):.0f} s ago",
            f"{worker.rss_bytes / 2**20:.0f} MiB",
            worker.address,
        )
        for worker in sorted(found, key=lambda worker: worker.name)
    ]
    columns = ("worker", "status", "running", "completed", "failed", "per second", "heard of", "memory", "address")
    return table(columns, rows, right=("running", "completed", "failed", "per second", "heard of", "memory"))


def _wait_for(cluster: Client, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    with progress("workers online") as bar:
        row = bar.add_task("", total=count, remark="")
        while True:
            found = cluster.workers()
            online = sum(worker.status == "online" for worker in found)
            bar.update(row, completed=online, remark=f"{len(found) - online} draining" if len(found) > online else "")
            if online == len(found) == count:
                return
            if time.monotonic() >= deadline:
                workers = counted(count, "worker")
                raise TaskMasterError(f"{online} of {workers} online after {PATIENCE:.0f} s; see `taskmaster logs`")
            time.sleep(0.2)
