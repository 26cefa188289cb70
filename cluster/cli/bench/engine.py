"""The engine under load: tasks are preloaded, then a real coordinator and real workers drain them."""

import asyncio
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

import psutil

from cluster.cli.bench.figures import EngineFigures
from cluster.cli.bench.program import program
from cluster.core.errors import CannotStart
from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.store.bench import backend_pids, drained, wal_bytes
from cluster.store.enqueue import enqueue
from cluster.store.pool import Pool, connected

PRELOAD = 1_000
"""Tasks in one INSERT."""
PATIENCE = 30.0
"""Seconds without a finished task after which the bench gives up."""
LOOK = 0.1

Processes = dict[str, list[psutil.Popen]]
Told = Callable[[int], None]
"""Called with how many tasks have been done so far."""


async def preload(pool: Pool, tasks: int, told: Told) -> float:
    """Enqueue `tasks` no-op tasks; returns the seconds it took."""
    began = time.perf_counter()
    async with connected(pool) as connection:
        for first in range(0, tasks, PRELOAD):
            batch = [NewTask(new_id(), "noop") for _ in range(min(PRELOAD, tasks - first))]
            await enqueue(connection, batch)
            told(first + len(batch))
    return time.perf_counter() - began


async def drain(pool: Pool, url: str, *, tasks: int, workers: int, enqueue_seconds: float, told: Told) -> EngineFigures:
    """Let one coordinator and `workers` workers drain what is preloaded. Raises CannotStart when nothing moves."""
    async with connected(pool) as connection:
        wal_before = await wal_bytes(connection)
    async with _cluster(url, workers) as processes:
        cpu_before = await _cpu(pool, processes)
        seconds = await _watch(pool, tasks, processes, told)
        cpu_after = await _cpu(pool, processes)
    async with connected(pool) as connection:
        wal = await wal_bytes(connection) - wal_before
    cpu = {name: cpu_after[name] - cpu_before.get(name, 0.0) for name in cpu_after}
    return EngineFigures(tasks, enqueue_seconds, seconds, cpu, wal)


async def _watch(pool: Pool, tasks: int, processes: Processes, told: Told) -> float:
    done, moved_at = 0, time.monotonic()
    while done < tasks:
        await asyncio.sleep(LOOK)
        async with connected(pool) as connection:
            finished, seconds = await drained(connection)
        if finished > done:
            done, moved_at = finished, time.monotonic()
            told(done)
        dead = [name for name, group in processes.items() if not all(process.poll() is None for process in group)]
        if dead or time.monotonic() - moved_at > PATIENCE:
            raise CannotStart(
                f"the bench stands still at {done} of {tasks} tasks" + (f": {dead[0]} ended" if dead else "")
            )
    return seconds


async def _cpu(pool: Pool, processes: Processes) -> dict[str, float]:
    """CPU seconds so far, by process; those of PostgreSQL only when it runs on this machine."""
    spent = {name: sum(_spent(process) for process in group) for name, group in processes.items()}
    async with connected(pool) as connection:
        pids = await backend_pids(connection)
    backends = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    if backends and all("postgres" in backend.name() for backend in backends):
        spent["postgresql"] = sum(_spent(backend) for backend in backends)
    return spent


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def _cluster(url: str, workers: int) -> AsyncIterator[Processes]:
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "COORDINATOR_PORT": f"127.0.0.1:{port}",
        "COORDINATOR_ADDRESS": f"127.0.0.1:{port}",
        "WORKER_ADDRESS": "127.0.0.1",
        "TASKMASTER_PARENT": str(os.getpid()),
        "TASKMASTER_TASKS": "",
    }
    with tempfile.TemporaryFile() as log, ExitStack() as started:
        coordinator = started.enter_context(program("cluster.coordinator", environment, log))
        crew = [started.enter_context(program("cluster.worker", environment, log)) for _ in range(workers)]
        yield {"coordinator": [coordinator], "workers" if workers > 1 else "worker": crew}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
