"""What the coordinator tells those who watch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.fixtures.eventually import eventually


class Heard:
    """Every event since the watch began."""

    def __init__(self) -> None:
        self.events: list[pb.Event] = []

    def named(self, name: str) -> list[pb.Event]:
        return [event for event in self.events if event.event == name]

    async def event(self, name: str, fits: Callable[[pb.Event], bool] = lambda _: True) -> pb.Event:
        """The first event of this name that fits."""
        found = await eventually(lambda: [event for event in self.named(name) if fits(event)])
        return found[0]


@asynccontextmanager
async def watching(stub: CoordinatorServiceStub) -> AsyncIterator[Heard]:
    heard = Heard()
    watch = stub.WatchEvents(pb.WatchEventsRequest())
    await watch.read()

    async def listen() -> None:
        while True:
            heard.events.extend((await watch.read()).events)

    task = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task})
        watch.cancel()
