"""Looking at a running cluster from outside: its processes through /proc, its database through the statistics views."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
import psycopg
from psycopg.rows import tuple_row

ROLES = {
    "cluster.coordinator": "coordinator",
    "cluster.edge": "edge",
    "cluster.worker": "worker",
    "cluster.worker.child": "worker child",
    "cluster.supervisor": "supervisor",
    "cluster.cli": "supervisor",
    "cluster.supervisor.postgres": "postgres keeper",
}
TABLES = ("tasks", "counters", "sessions", "leader", "orders")

_CONNECTIONS = """
    SELECT application_name, count(*)::int FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
    GROUP BY 1
"""
_ROWS = """
    SELECT relname, n_live_tup::bigint, n_dead_tup::bigint, pg_total_relation_size(relid)::bigint
    FROM pg_stat_user_tables WHERE relname = ANY (%s)
"""
_WAL = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_HISTORY = "SELECT command, count(*)::bigint, count(DISTINCT id)::bigint FROM task_history GROUP BY 1"
_UNFINISHED = "SELECT command, count(*)::bigint FROM tasks GROUP BY 1"


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """`memory` in bytes: resident; of a process of PostgreSQL without what it shares."""

    role: str
    pid: int
    born: float
    memory: int
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class DatabaseSample:
    """`connections` by application_name; by table: rows that live, rows that are dead, bytes with indexes."""

    connections: Mapping[str, int]
    live: Mapping[str, int]
    dead: Mapping[str, int]
    size: Mapping[str, int]
    wal: int


@dataclass(frozen=True, slots=True)
class Sample:
    """`at`: seconds since the soak began."""

    at: float
    processes: tuple[ProcessSample, ...]
    database: DatabaseSample


class Sampler:
    """State: its connection, and when the soak began."""

    def __init__(self, home: Path, url: str) -> None:
        self._home = home
        self._connection = psycopg.connect(url, autocommit=True, application_name="soak", row_factory=tuple_row)
        self._begin = time.monotonic()

    def close(self) -> None:
        self._connection.close()

    def take(self) -> Sample:
        processes = tuple(_look_at(living_in(self._home)))
        return Sample(time.monotonic() - self._begin, processes, self._database())

    def found(self) -> tuple[dict[str, int], dict[str, int], list[str]]:
        """Tasks by command: all there are, those that are unfinished, and commands of which one is there twice."""
        history = self._connection.execute(_HISTORY).fetchall()
        unfinished = dict(self._connection.execute(_UNFINISHED).fetchall())
        found = {command: count + unfinished.get(command, 0) for command, count, _ in history}
        return {**unfinished, **found}, unfinished, [command for command, count, ids in history if count != ids]

    def _database(self) -> DatabaseSample:
        rows = self._connection.execute(_ROWS, [list(TABLES)]).fetchall()
        [(wal,)] = self._connection.execute(_WAL).fetchall()
        return DatabaseSample(
            connections=dict(self._connection.execute(_CONNECTIONS).fetchall()),
            live={name: live for name, live, _, _ in rows},
            dead={name: dead for name, _, dead, _ in rows},
            size={name: size for name, _, _, size in rows},
            wal=wal,
        )


def living_in(home: Path) -> list[psutil.Process]:
    """Every process of the cluster that lives in `home`; those of PostgreSQL work in a folder below it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, FileNotFoundError):
            inside = process.cwd().startswith(str(home)) or process.environ().get("TASKMASTER_HOME") == str(home)
            if inside and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def role_of(arguments: list[str]) -> str:
    """By the module that it runs; what runs none of ours belongs to PostgreSQL."""
    module = next((after for flag, after in pairwise(arguments) if flag == "-m"), "")
    return ROLES.get(module, module or "postgres")


def _look_at(processes: Iterable[psutil.Process]) -> Iterable[ProcessSample]:
    for process in processes:
        # It may end while it is looked at.
        with suppress(psutil.Error, FileNotFoundError):
            role = role_of(process.cmdline())
            memory = process.memory_info()
            private = memory.rss - memory.shared if role == "postgres" else memory.rss
            yield ProcessSample(
                role, process.pid, process.create_time(), private, process.num_fds(), process.num_threads()
            )
