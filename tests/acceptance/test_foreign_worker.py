"""A worker in another language, with nothing but three calls: SubmitTask, SendHeartbeat, UpdateTaskStatus."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from cluster.wire import taskmaster_pb2 as wire
from cluster.wire import taskmaster_pb2_grpc as services
from cluster.wire.channel import open_channel
from tests.acceptance.processes import CHECKOUT, Program, free_ports
from tests.fixtures.eventually import eventually
from tests.fixtures.node import node_worker

__all__ = ["node_worker"]

StartWorker = Callable[[str], Program]


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def coordinator(database_url: str, port: int, tmp_path: Path) -> Iterator[Program]:
    settings = {
        "DATABASE_URL": database_url,
        "COORDINATOR_PORT": f"127.0.0.1:{port}",
        "HEARTBEAT_INTERVAL": "0.5",
        "PYTHONPATH": str(CHECKOUT),
        "LOG_FORMAT": "json",
    }
    program = Program(
        [sys.executable, "-m", "cluster.coordinator"],
        env={**os.environ, **settings},
        cwd=tmp_path,
        log=tmp_path / "log",
    )
    yield program
    program.send(signal.SIGTERM)
    code = program.wait()
    print((tmp_path / "log").read_text())  # pytest shows it when the test failed
    assert code == 0


@pytest.fixture
def start_worker(coordinator: Program, port: int, tmp_path: Path, node_worker: list[str]) -> Iterator[StartWorker]:
    """Start a Node worker of that name, with two slots."""
    started: list[Program] = []

    def start(name: str) -> Program:
        command = [*node_worker, "--coordinator", f"127.0.0.1:{port}", "--name", name, "--slots", "2"]
        started.append(Program(command, env=os.environ, cwd=tmp_path, log=tmp_path / name))
        return started[-1]

    yield start
    for program in started:
        if program.exit_code is None:
            program.send(signal.SIGKILL)
            program.wait()


@pytest_asyncio.fixture
async def api(coordinator: Program, port: int) -> AsyncIterator[services.CoordinatorServiceStub]:
    async with open_channel(f"127.0.0.1:{port}") as channel:
        yield services.CoordinatorServiceStub(channel)


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


async def enqueue(api: services.CoordinatorServiceStub, command: str, payload: bytes, **fields: object) -> str:
    request = wire.ClientTaskRequest(command=command, payload=payload, **fields)
    answer = await api.SubmitTask(request, timeout=30, wait_for_ready=True)
    return str(answer.task_id)


def row(database: psycopg.Connection, task_id: str) -> tuple[str, object, str | None, str | None, int]:
    found = database.execute(
        "SELECT state, result, error, worker_id, crash_count FROM all_tasks WHERE id = %s", [task_id]
    ).fetchone()
    assert found is not None
    return found


async def finished(database: psycopg.Connection, task_id: str) -> tuple[str, object, str | None, str | None, int]:
    await eventually(lambda: row(database, task_id)[0] in {"complete", "failed", "dead"}, timeout=30)
    return row(database, task_id)


async def test_a_worker_in_another_language_runs_tasks(
    api: services.CoordinatorServiceStub, start_worker: StartWorker, database: psycopg.Connection
) -> None:
    start_worker("node-1")

    ids = [await enqueue(api, "reverse", f'{{"text": "ab{n}ö"}}'.encode()) for n in range(20)]

    for n, task_id in enumerate(ids):
        state, result, error, worker_id, _ = await finished(database, task_id)
        assert (state, result, error) == ("complete", {"reversed": f"ab{n}ö"[::-1]}, None)
        assert str(worker_id).startswith("node-1-")


async def test_its_failures_are_told_with_its_own_words(
    api: services.CoordinatorServiceStub, start_worker: StartWorker, database: psycopg.Connection
) -> None:
    start_worker("node-1")

    task_id = await enqueue(api, "fail-in-node", b"{}", max_attempts=1)

    state, result, error, _, _ = await finished(database, task_id)
    assert (state, result) == ("failed", None)
    assert "this command always fails" in str(error)


async def test_what_it_held_when_it_was_killed_is_finished_by_another(
    api: services.CoordinatorServiceStub, start_worker: StartWorker, database: psycopg.Connection
) -> None:
    first = start_worker("node-1")
    ids = [await enqueue(api, "sleep-in-node", b'{"seconds": 1}') for _ in range(2)]
    await eventually(lambda: all(row(database, task_id)[0] == "running" for task_id in ids), timeout=30)

    first.send(signal.SIGKILL)
    first.wait()
    start_worker("node-2")

    for task_id in ids:
        state, result, _, worker_id, crash_count = await finished(database, task_id)
        assert (state, result) == ("complete", {"slept": 1, "name": "node-2"})
        assert str(worker_id).startswith("node-2-")
        assert crash_count == 1


async def test_it_is_listed_like_any_other(api: services.CoordinatorServiceStub, start_worker: StartWorker) -> None:
    start_worker("node-1")

    async def listed() -> list[wire.Worker]:
        answer = await api.ListWorkers(wire.ListWorkersRequest(), timeout=30, wait_for_ready=True)
        return list(answer.workers)

    (worker,) = await eventually(listed, timeout=30)
    assert (worker.name, worker.status, worker.slots) == ("node-1", "online", 2)
    assert set(worker.commands) == {"reverse", "fail-in-node", "sleep-in-node"}


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (CHECKOUT / "tests/fixtures/node_worker/package-lock.json").read_text()
