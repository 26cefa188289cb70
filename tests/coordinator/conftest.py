"""A real coordinator in this process, over real gRPC and real PostgreSQL."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from cluster.coordinator.coordinator import Coordinator
from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.runtime.settings import Settings
from cluster.store.enqueue import enqueue
from cluster.store.pool import Connection
from cluster.store.tasks import TaskRow, get_task
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.peer import PeerWorker


@pytest.fixture
def heartbeat() -> float:
    """Seconds between heartbeats. Peers send none of their own accord: a test in which one is lost wants it short."""
    return 10.0


@pytest.fixture
def settings(database_url: str, tmp_path: Path, heartbeat: float) -> Settings:
    return Settings.from_env(
        {
            **{name: value for name, value in os.environ.items() if name in {"HOME", "PATH"}},
            "DATABASE_URL": database_url,
            "TASKMASTER_HOME": str(tmp_path),
            "COORDINATOR_PORT": "127.0.0.1:0",
            "HEARTBEAT_INTERVAL": str(heartbeat),
            "HEARTBEAT_MISSES": "3",
        }
    )


@pytest_asyncio.fixture
async def coordinator(settings: Settings) -> AsyncIterator[Coordinator]:
    coordinator = Coordinator(settings)
    await coordinator.start()
    yield coordinator
    await coordinator.stop()


@pytest_asyncio.fixture
async def stub(coordinator: Coordinator) -> AsyncIterator[CoordinatorServiceStub]:
    async with open_channel(f"127.0.0.1:{coordinator.port}") as channel:
        yield CoordinatorServiceStub(channel)


@pytest_asyncio.fixture
async def start_worker(stub: CoordinatorServiceStub) -> AsyncIterator[Callable[..., object]]:
    """`await start_worker(name=…, slots=…, commands=…)`: a registered worker whose stream is open."""
    async with AsyncExitStack() as stack:

        async def start(**facts: object) -> PeerWorker:
            worker = await stack.enter_async_context(PeerWorker(stub, **facts))
            await worker.heartbeat()
            return worker

        yield start


async def add(conn: Connection, count: int = 1, command: str = "noop", **facts: object) -> list[UUID]:
    """Enqueue tasks; their ids."""
    tasks: Sequence[NewTask] = [NewTask(new_id(), command, **facts) for _ in range(count)]
    return [row.id for row in await enqueue(conn, tasks)]


async def look(conn: Connection, task_id: UUID) -> TaskRow:
    row = await get_task(conn, task_id)
    assert row is not None
    return row


async def submit(stub: CoordinatorServiceStub, **facts: object) -> pb.ClientTaskResponse:
    return await stub.SubmitTask(pb.ClientTaskRequest(**facts))
