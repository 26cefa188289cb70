"""The roles of one cluster started one by one, on a database that is there already."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

import httpx
import psycopg

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import Program, free_ports
from tests.acceptance.runs import Run, runs_in
from tests.acceptance.stream import EventStream
from tests.fixtures.eventually import eventually

HEARTBEAT_INTERVAL = 1.0
HEARTBEAT_MISSES = 3
LADDER_SECONDS = HEARTBEAT_INTERVAL * HEARTBEAT_MISSES + 20
"""What is rescued is rescued by then, also on a machine that has other things to do."""


class Row(NamedTuple):
    """A task as PostgreSQL has it, finished or not."""

    state: str
    attempt: int
    crash_count: int
    worker_id: str
    started_at: datetime
    finished_at: datetime | None


class Parts:
    """State: the cluster whose programs these are, the file its tasks write to, and the ports of all its roles."""

    def __init__(self, cluster: RunningCluster, database_url: str) -> None:
        self.cluster = cluster
        self.runs_file = cluster.folder / "runs"
        self._database_url = database_url
        self.coordinator_ports = [cluster.coordinator_port, *free_ports(1)]
        self.edge_ports = [cluster.edge_port, *free_ports(1)]
        cluster.settings |= {
            "DATABASE_URL": database_url,
            "HEARTBEAT_INTERVAL": str(HEARTBEAT_INTERVAL),
            "HEARTBEAT_MISSES": str(HEARTBEAT_MISSES),
            "TASKMASTER_TASKS": "counted_tasks",
            "RUNS_FILE": str(self.runs_file),
        }

    def two_coordinators(self) -> list[Program]:
        """Whoever is started from now on knows both."""
        self.cluster.settings["COORDINATOR_ADDRESS"] = ",".join(f"127.0.0.1:{port}" for port in self.coordinator_ports)
        return [self.coordinator(0), self.coordinator(1)]

    def coordinator(self, number: int = 0) -> Program:
        return self._start("coordinator", COORDINATOR_PORT=f"127.0.0.1:{self.coordinator_ports[number]}")

    def edge(self, number: int = 0) -> Program:
        return self._start("edge", SCHEDULER_PORT=f"127.0.0.1:{self.edge_ports[number]}")

    def worker(self, name: str, *, slots: int = 5, **settings: str) -> Program:
        return self._start("worker", WORKER_NAME=name, WORKER_POOL_SIZE=str(slots), **settings)

    def _start(self, role: str, **settings: str) -> Program:
        return self.cluster.start_program(self.cluster.command(role), settings=settings)

    async def online(self, *names: str) -> None:
        """Exactly these workers are there."""
        wanted = sorted(names)
        await eventually(lambda: self._online() == wanted, timeout=LADDER_SECONDS)

    def _online(self) -> list[str]:
        return sorted(name for (name,) in self.query("SELECT name FROM sessions WHERE ended_at IS NULL"))

    async def edge_answers(self, number: int = 0) -> None:
        await eventually(lambda: self._answers(number), timeout=LADDER_SECONDS)

    def _answers(self, number: int) -> bool:
        try:
            return httpx.get(f"{self.url(number)}/readyz", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def url(self, number: int = 0) -> str:
        """Of that edge."""
        return f"http://127.0.0.1:{self.edge_ports[number]}"

    def events(self, number: int = 0) -> EventStream:
        """Of that edge."""
        return EventStream(f"{self.url(number)}/api/logs/stream")

    def runs(self) -> dict[str, list[Run]]:
        return runs_in(self.runs_file)

    async def all_run(self, task_ids: list[str]) -> None:
        """Each of them has begun."""
        await eventually(lambda: self.runs().keys() >= set(task_ids), timeout=LADDER_SECONDS)

    # ------------------------------------------------------------ what PostgreSQL says

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()

    def now(self) -> datetime:
        """By the database clock."""
        [(now,)] = self.query("SELECT clock_timestamp()")
        return now  # type: ignore[no-any-return]

    def rows(self) -> dict[str, Row]:
        """Every task by id."""
        found = self.query("SELECT id, state, attempt, crash_count, worker_id, started_at, finished_at FROM all_tasks")
        rows = {str(task_id): Row(*fields) for task_id, *fields in found}
        assert len(rows) == len(found), "a task is in two places"
        return rows

    async def completed(self, task_ids: list[str], *, timeout: float = 30) -> dict[str, Row]:
        """These tasks once each of them is complete."""
        wanted = set(task_ids)

        def all_complete() -> dict[str, Row]:
            rows = {task_id: row for task_id, row in self.rows().items() if task_id in wanted}
            missing = Counter(row.state for row in rows.values() if row.state != "complete")
            assert rows.keys() == wanted, f"{len(wanted - rows.keys())} of {len(wanted)} tasks are lost"
            assert not missing, f"not complete: {missing}"
            return rows

        return await eventually(all_complete, timeout=timeout, pause=0.1)
