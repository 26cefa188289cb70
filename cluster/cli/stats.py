"""`taskmaster stats`: the numbers of the cluster, once or live."""

import sys
import time
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live

from cluster.cli.console import out, print_json, print_json_line, table
from cluster.cli.options import Json, Url, client
from cluster.cli.workers import worker_table
from cluster.client import Client, Stats

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Again and again until Ctrl-C; with --json, JSON lines.")]
Interval = Annotated[float, typer.Option("--interval", min=0.1, help="Seconds between two looks of --watch.")]


def stats(watch: Watch = False, interval: Interval = 1.0, json: Json = False, url: Url = None) -> None:
    """Show how many tasks wait, run and are done, how fast, and by which workers.

    Its cost does not depend on the number of tasks, so watching is free.

    \b
    taskmaster stats --watch
    taskmaster stats --json | jq .throughput
    """
    with client(url) as cluster:
        if not watch:
            _once(cluster.stats(), json=json)
        elif json or not sys.stdout.isatty():
            _stream(cluster, interval, json=json)
        else:
            _live(cluster, interval)


def _once(found: Stats, *, json: bool) -> None:
    if json:
        print_json(found)
    else:
        out().print(_picture(found))


def _stream(cluster: Client, interval: float, *, json: bool) -> None:
    while True:
        found = cluster.stats()
        if json:
            print_json_line(found)
        else:
            out().print(_totals(found))
        time.sleep(interval)


def _live(cluster: Client, interval: float) -> None:
    with Live(_picture(cluster.stats()), console=out(), auto_refresh=False) as live:
        while True:
            time.sleep(interval)
            live.update(_picture(cluster.stats()), refresh=True)


def _picture(found: Stats) -> RenderableType:
    workers = worker_table(found.workers) if found.workers else "no worker is online"
    return Group(_totals(found), "", workers)


def _totals(found: Stats) -> RenderableType:
    always = ("total", "pending", "running", "completed", "failed", "cancelled")
    told = (*(f"{getattr(found, name):,}" for name in always), f"{found.throughput:,.1f}")
    # What went wrong is a column only where something did.
    wrong = ("retried", "rescued", "stale", "quarantined")
    befell = (f"{number:,}" if (number := getattr(found, name)) else None for name in wrong)
    columns = (*always, "per second", *wrong)
    return table(columns, [(*told, *befell)], right=columns)
