"""The stream of leases ends in order."""

import asyncio

from cluster.wire import taskmaster_pb2 as pb
from cluster.worker import stream
from cluster.worker.leases import Leases
from cluster.worker.stream import Stream
from tests.fixtures.eventually import eventually
from tests.worker.processes import Processes


class SlowCall:
    """A call whose coordinator says nothing and takes its time to hear. As in gRPC, a write goes on whoever waits."""

    def __init__(self) -> None:
        self.begun = False
        self.heard = asyncio.Event()

    async def read(self) -> pb.TaskBatch:
        return await asyncio.Future()

    async def write(self, _batch: pb.StatusBatch) -> None:
        self.begun = True
        await self.heard.wait()


async def test_a_stream_ends_after_the_write_that_is_under_way():
    call = SlowCall()
    mine = Stream(call, Leases(1, {}, Processes()))
    serving = asyncio.create_task(mine.serve(None))
    await eventually(lambda: call.begun)
    mine.shut()
    await asyncio.wait({serving}, timeout=0.1)
    assert not serving.done(), "gRPC would send the end of the call in the middle of a message"
    call.heard.set()
    await serving


async def test_a_stream_ends_although_nobody_hears_its_last_write(monkeypatch):
    monkeypatch.setattr(stream, "LAST_WRITE", 0.05)
    call = SlowCall()
    mine = Stream(call, Leases(1, {}, Processes()))
    serving = asyncio.create_task(mine.serve(None))
    await eventually(lambda: call.begun)
    await mine.close()
    await serving
