"""A cluster for a scenario: coordinator, workers and, if asked for, an edge, as processes of their own."""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import IO

import httpx
import psutil

from cluster.cli.bench.program import end, ended, start
from cluster.cli.bench.server import Database
from cluster.core.errors import CannotStart
from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.store.bench import look, online
from cluster.store.enqueue import enqueue
from cluster.store.pool import connected

TASKS = "cluster.cli.bench.tasks"
"""The module that the workers of the bench register tasks from."""
READY_WITHIN = 30.0
"""Seconds for starting, and for each worker two more: on two cores fifty interpreters take their time."""
_SETTLED = 0.2
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Crew:
    """What to start. `warm`: the command that every worker has run before the cluster counts as ready."""

    workers: int = 1
    edge: bool = False
    warm: str = "noop"
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running one. `processes`: by role; `edge_port` and `coordinator_port` on this machine."""

    processes: Mapping[str, list[psutil.Popen]]
    edge_port: int
    coordinator_port: int
    log: IO[bytes]

    def check(self) -> None:
        """Raises CannotStart when a process has ended."""
        for role, group in self.processes.items():
            if any(process.poll() is not None for process in group):
                raise ended(f"a {role}", self.log)


@asynccontextmanager
async def cluster(database: Database, crew: Crew) -> AsyncIterator[Cluster]:
    """A cluster that has run a few tasks on every worker and waits for more. Raises CannotStart."""
    edge_port, coordinator_port = _free_ports()
    environment = _environment(database.url, edge_port, coordinator_port, crew)
    roles = ["coordinator", *["worker"] * crew.workers, *["edge"] * crew.edge]
    with tempfile.TemporaryFile() as log:
        processes: dict[str, list[psutil.Popen]] = {}
        try:
            for role in roles:
                processes.setdefault(role, []).append(start(f"cluster.{role}", environment=environment, log=log))
            running = Cluster(processes, edge_port, coordinator_port, log)
            await _ready(database, running, crew)
            yield running
        finally:
            # All at once: one after the other, fifty workers would take as long as the measurement.
            end([process for group in processes.values() for process in group])


def _environment(url: str, edge_port: int, coordinator_port: int, crew: Crew) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "SCHEDULER_PORT": f"127.0.0.1:{edge_port}",
        "COORDINATOR_PORT": f"127.0.0.1:{coordinator_port}",
        "COORDINATOR_ADDRESS": f"127.0.0.1:{coordinator_port}",
        "WORKER_ADDRESS": "127.0.0.1",
        "WORKER_PORT": "0",
        "TASKMASTER_PARENT": str(os.getpid()),
        "TASKMASTER_TASKS": TASKS,
        "DRAIN_TIMEOUT": "2",
        **crew.environment,
    }


async def _ready(database: Database, running: Cluster, crew: Crew) -> None:
    within = READY_WITHIN + 2.0 * crew.workers
    try:
        async with asyncio.timeout(within):
            async with connected(database.pool) as connection:
                while await online(connection) < crew.workers:
                    running.check()
                    await asyncio.sleep(_LOOK)
            if crew.edge:
                await _answers(f"http://127.0.0.1:{running.edge_port}/readyz", running)
            if crew.workers:
                await _warm(database, running, crew)
    except TimeoutError:
        raise CannotStart(f"the cluster of the bench was not ready within {within:.0f} s") from None
    await asyncio.sleep(_SETTLED)


async def _answers(url: str, running: Cluster) -> None:
    async with httpx.AsyncClient() as http:
        while True:
            running.check()
            try:
                if (await http.get(url)).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                await asyncio.sleep(_LOOK)


async def _warm(database: Database, running: Cluster, crew: Crew) -> None:
    """Connections, prepared statements, child processes: what is there before the clock runs."""
    tasks = [NewTask(new_id(), crew.warm) for _ in range(20 * crew.workers)]
    async with connected(database.pool) as connection:
        before = await look(connection)
        await enqueue(connection, tasks)
        while (await look(connection)).finished < before.finished + len(tasks):
            running.check()
            await asyncio.sleep(_LOOK)


def _free_ports() -> tuple[int, int]:
    # Both at once, so that they differ.
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
