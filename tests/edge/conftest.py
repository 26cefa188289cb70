"""An edge on a port of its own, with a real PostgreSQL behind it and a coordinator that only tells and listens."""

import asyncio
from collections.abc import AsyncIterator, Callable

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
    """A coordinator as the edge sees it: tells what the test puts into `tell`, None for no more. State: the hints it
    got, how many streams they came up, who watches, and what it has to tell."""

    def __init__(self, port: int = 0) -> None:
        self.hints: list[pb.WakeRequest] = []
        self.streams = 0
        self.watches: list[pb.WatchEventsRequest] = []
        self.tell: asyncio.Queue[pb.EventBatch | None] = asyncio.Queue()
        self.server = Server("127.0.0.1", port, ())
        rpc.add_CoordinatorServiceServicer_to_server(self, self.server.grpc)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    async def WatchEvents(self, request, context):  # noqa: N802
        self.watches.append(request)
        yield pb.EventBatch(coordinator_id="c1", last=request.after)
        while batch := await self.tell.get():
            yield batch

    async def Wake(self, requests, context):  # noqa: N802
        self.streams += 1
        async for request in requests:
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


def client_of(edge: Edge) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{edge.server.port}", trust_env=False)


@pytest.fixture
def http_of() -> Callable[[Edge], httpx.AsyncClient]:
    """What makes a client of an edge."""
    return client_of


@pytest.fixture
async def http(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(edge) as client:
        yield client
