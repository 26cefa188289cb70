"""The command `taskmaster bench`."""

import os
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.bench.engine import drain, preload
from cluster.cli.bench.figures import EngineFigures, Machine, Run
from cluster.cli.bench.server import bench_server
from cluster.cli.console import out, print_json, progress, table
from cluster.runtime.loop import run
from cluster.runtime.settings import Settings
from cluster.store.bare import BareFigures, run_bare
from cluster.store.bench import scratch_database, server_settings
from cluster.store.pool import Pool, connected, create_pool

BATCH = 500
"""Tasks in one statement of the bare figure."""


def bench(
    tasks: Annotated[int, typer.Option(min=1_000, max=10_000_000, help="How many no-op tasks to drain.")] = 100_000,
    workers: Annotated[int, typer.Option(min=1, max=50, help="Worker processes.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """Measure how fast this machine drains no-op tasks, beside what PostgreSQL does alone.

    Works in a database of its own, which is dropped afterwards: on the server of DATABASE_URL or POSTGRES_HOST, else on
    an embedded one started for the run. Everything is committed.

    Example: taskmaster bench --tasks 100000 --workers 1
    """
    measured = run(_measure(Settings.from_env(os.environ), tasks, workers))
    if json:
        print_json(measured.document())
    else:
        _show(measured)


async def _measure(settings: Settings, tasks: int, workers: int) -> Run:
    async with bench_server(settings) as server:
        async with _scratch(server) as (_, pool):
            bare, found = await _bare(pool, tasks)
        async with _scratch(server) as (url, pool):
            engine = await _engine(pool, url, tasks, workers)
    version = found.pop("server_version")
    machine = Machine(_cpu_name(), os.cpu_count() or 1, platform.python_version(), version, found)
    return Run(machine, bare, engine, workers)


@asynccontextmanager
async def _scratch(server: str) -> AsyncIterator[tuple[str, Pool]]:
    async with scratch_database(server) as url:
        pool = create_pool(url, role="bench", size=2, pinned=True, patience=None)
        await pool.open()
        try:
            yield url, pool
        finally:
            await pool.close()


async def _bare(pool: Pool, tasks: int) -> tuple[BareFigures, dict[str, str]]:
    async with connected(pool) as connection:
        return await run_bare(connection, tasks, BATCH), await server_settings(connection)


async def _engine(pool: Pool, url: str, tasks: int, workers: int) -> EngineFigures:
    with progress("preload") as bar:
        shown = bar.add_task("", total=tasks, remark="")
        seconds = await preload(pool, tasks, lambda done: bar.update(shown, completed=done))
    with progress("drain") as bar:
        shown = bar.add_task("", total=tasks, remark="")
        return await drain(
            pool,
            url,
            tasks=tasks,
            workers=workers,
            enqueue_seconds=seconds,
            told=lambda done: bar.update(shown, completed=done),
        )


def _show(run_: Run) -> None:
    found, machine = run_.document(), run_.machine
    rows = [
        ("drain", f"{found['drain_per_second']:,}/s"),
        ("PostgreSQL alone, same statements", f"{found['bare_drain_per_second']:,}/s"),
        ("ratio", f"{found['ratio']:.2f}"),
        ("enqueue, batches of 1,000", f"{found['enqueue_per_second']:,}/s"),
        ("WAL per task, claim to finish", f"{found['wal_bytes_per_task']:,} bytes"),
        *((f"CPU per task, {name}", f"{us:.1f} µs") for name, us in found["cpu_us_per_task"].items()),
    ]
    console = out()
    console.print(table(("figure", "value"), rows, right=("value",)))
    settings = ", ".join(f"{name} {value}" for name, value in machine.settings.items())
    console.print(f"\n{run_.engine.tasks:,} no-op tasks, {run_.workers} worker process(es), one coordinator")
    console.print(
        f"{machine.cores} × {machine.cpu}, Python {machine.python}, PostgreSQL {machine.postgresql}: {settings}"
    )


def _cpu_name() -> str:
    """The processor as Linux names it, else the architecture."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
