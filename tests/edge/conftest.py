"""An edge on a port of its own, with a real PostgreSQL behind it and a coordinator that only tells and listens."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cluster.edge.edge import Edge
from cluster.edge.server import bound
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address
from cluster.store.pool import Pool, create_pool
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire import taskmaster_pb2_grpc as rpc
from cluster.wire.channel import Server


class Teller(rpc.CoordinatorServiceServicer):
    """A coordinator as the edge sees it: tells what the test put in `tell`, keeps the hints it got."""

    def __init__(self) -> None:
        self.hints: list[pb.WakeRequest] = []
        self.watches: list[pb.WatchEventsRequest] = []
        self.tell: asyncio.Queue[pb.EventBatch] = asyncio.Queue()
        self.server = Server("127.0.0.1", 0, ())
        rpc.add_CoordinatorServiceServicer_to_server(self, self.server.grpc)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    async def WatchEvents(self, request, context):  # noqa: N802
        self.watches.append(request)
        yield pb.EventBatch(coordinator_id="c1", last=request.after)
        while True:
            yield await self.tell.get()

    async def Wake(self, request, context):  # noqa: N802
        self.hints.append(request)
        return pb.WakeResponse()


@pytest.fixture
async def coordinator() -> AsyncIterator[Teller]:
    teller = Teller()
    await teller.server.start()
    yield teller
    await teller.server.stop(0)


@pytest.fixture
def settings(database_url: str, coordinator: Teller) -> Settings:
    return Settings.from_env({
        "DATABASE_URL": database_url,
        "SCHEDULER_PORT": "127.0.0.1:0",
        "COORDINATOR_ADDRESS": coordinator.address,
    })  # fmt: skip


@pytest.fixture
async def edge_pool(settings: Settings) -> AsyncIterator[Pool]:
    async with create_pool(settings.database_url, role="edge", size=5) as pool:
        yield pool


@pytest.fixture
async def edge(settings: Settings, edge_pool: Pool) -> AsyncIterator[Edge]:
    with bound(Address("127.0.0.1", 0)) as listener:
        edge = Edge(settings, edge_pool, listener)
        await edge.start()
        try:
            yield edge
        finally:
            await edge.stop()


@pytest.fixture
async def http(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{edge.server.port}", trust_env=False) as client:
        yield client
