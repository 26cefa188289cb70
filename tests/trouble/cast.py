"""The cluster before the server, and a client that goes on posting whatever the answer is."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from tests.acceptance.cluster import MODULES, RunningCluster
from tests.acceptance.processes import CHECKOUT

ROLES = ("cluster.edge", "cluster.coordinator", "cluster.worker", "cluster.supervisor")
FIXTURES = Path(__file__).parent / "fixtures"


def cluster_of(database_url: str, **settings: str) -> RunningCluster:
    """A cluster that is not started yet, whose workers know `trace`."""
    cluster = RunningCluster()
    path = os.pathsep.join(map(str, [*MODULES, FIXTURES, CHECKOUT]))
    cluster.settings |= {
        "DATABASE_URL": database_url, "PYTHONPATH": path, "TASKMASTER_TASKS": "trouble_tasks", **settings
    }  # fmt: skip
    return cluster


@contextmanager
def ending_well(cluster: RunningCluster) -> Iterator[RunningCluster]:
    """The cluster, and after its tests an end as it should be."""
    try:
        yield cluster
        asyncio.run(cluster.stop())
        cluster.assert_no_traceback()
    finally:
        cluster.remove()


def pids(cluster: RunningCluster) -> dict[str, set[int]]:
    """The processes of each role."""
    return {role: {process.pid for process in cluster.processes(role)} for role in ROLES}


def runs_of(path: Path) -> Counter[str]:
    """How often each task came to its end."""
    return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()


@dataclass
class Posted:
    """What became of the requests so far. `refused`: their answers that were not 200 or 201. `slowest`: seconds."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)
    slowest: float = 0.0

    def __repr__(self) -> str:
        return f"<Posted {len(self.acknowledged)} refused={len(self.refused)} slowest={self.slowest:.1f} s>"


@asynccontextmanager
async def posting(cluster: RunningCluster, trace: Path, clients: int = 4) -> AsyncIterator[Posted]:
    """A load: each client posts one task after the other, every second one with an id of its own."""
    posted, wanted = Posted(), True

    async def post() -> None:
        number = 0
        while wanted:
            number += 1
            body: dict[str, object] = {"command": "trace", "payload": {"path": str(trace)}}
            if number % 2:
                body["task_id"] = str(uuid4())
            before = time.monotonic()
            answer = await http.post("/api/schedule", json=body)
            posted.slowest = max(posted.slowest, time.monotonic() - before)
            if answer.status_code in {200, 201}:
                posted.acknowledged.append(str(answer.json()["task_id"]))
            else:
                posted.refused.append(answer)
            await asyncio.sleep(0.01)

    client = httpx.AsyncClient(base_url=cluster.http.base_url, timeout=60, trust_env=False)
    async with client as http, asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(post())
        try:
            yield posted
        finally:
            wanted = False


def is_a_problem(answer: httpx.Response) -> bool:
    """A refusal as promised: 503, in so many words, and when to come again."""
    return (
        answer.status_code == 503
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) > 0
        and "PostgreSQL" in answer.json()["detail"]
    )
