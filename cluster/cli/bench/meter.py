"""What a stretch of a run costs: CPU of each process, and WAL."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from cluster.cli.bench.figures import Aim, Figure
from cluster.cli.bench.launcher import Cluster
from cluster.cli.bench.server import Database
from cluster.store.bench import backend_pid, wal_bytes
from cluster.store.pool import connected

NO_OP_WAL = Aim("≤", 1_500)
"""Bytes, from enqueue to history."""
_LABELS = {"worker": "worker(s)", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds so far, by process, and bytes of WAL so far. PostgreSQL's only when it runs on this machine.

    PostgreSQL is the whole server with all its processes, those included that ended meanwhile: keep others off it.
    """

    cpu: dict[str, float]
    wal: int


async def read(database: Database, running: Cluster) -> Reading:
    """The meters as they stand."""
    cpu = {role: sum(map(spent, group)) for role, group in running.processes.items()}
    async with connected(database.pool) as connection:
        wal = await wal_bytes(connection)
        server = _server(backend_pid(connection))
    if server is not None:
        cpu["postgresql"] = spent(server)
    return Reading(cpu, wal)


def cost(
    before: Reading,
    after: Reading,
    tasks: int,
    *,
    client_seconds: float | None = None,
    name: str = "",
    label: str = "",
    wal_aim: Aim | None = NO_OP_WAL,
) -> list[Figure]:
    """What each of `tasks` tasks cost between two readings. `client_seconds`: CPU of whoever sent them. `name` and
    `label` come before those of the figures, where a scenario has several such lists.
    """
    seconds = cpu_between(before, after) | ({} if client_seconds is None else {"client": client_seconds})
    each = {role: value / tasks * 1e6 for role, value in seconds.items()}
    return [
        *(
            Figure(f"{name}cpu_us_{role}", f"{label}CPU per task, {_LABELS.get(role, role)}", us, "µs")
            for role, us in each.items()
        ),
        Figure(f"{name}cpu_us", f"{label}CPU per task, all of them", sum(each.values()), "µs"),
        Figure(f"{name}wal_bytes", f"{label}WAL per task", (after.wal - before.wal) / tasks, "bytes", wal_aim),
    ]


def cpu_between(before: Reading, after: Reading) -> dict[str, float]:
    """CPU seconds by process."""
    return {role: seconds - before.cpu.get(role, 0.0) for role, seconds in after.cpu.items()}


def spent(process: psutil.Process) -> float:
    """CPU seconds of a process and of all that it started, those that have ended included."""
    return sum(map(_own, [process, *_descendants(process)]))


def memory(processes: Iterable[psutil.Process]) -> float:
    """MiB of the largest of these processes."""
    return max(float(process.memory_info().rss) for process in processes) / 2**20


def _own(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []


def _server(backend: int) -> psutil.Process | None:
    """The process that all others of this server are children of; None if it is not on this machine."""
    with suppress(psutil.Error):
        process = psutil.Process(backend)
        if "postgres" in process.name():
            return process.parent()
    return None
