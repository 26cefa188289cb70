"""Those who enqueue over gRPC, at the coordinators, one task a call, and write down what they are told.

A program of its own, `python -m tests.chaos.callers SEED`, ended by SIGTERM: the run starts PostgreSQL again and again,
and gRPC does not stand a fork beside it.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import grpc
import msgspec

from cluster.runtime.ids import new_id
from cluster.runtime.loop import run as run_loop
from cluster.runtime.signals import die_with_parent
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.chaos.cast import HISTORY_VARIABLE, PLACES_VARIABLE, Places
from tests.chaos.clients import AGAIN_AFTER, PATIENCE
from tests.chaos.history import Recorder

CALLERS = 2
PAUSE = 0.3
"""Seconds between two tasks of one caller, on average."""
REFUSED = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}
"""Statuses that say: nothing happened."""


class Caller:
    """Enqueues tasks with ids of its own, again until it is told that they are there. State: the calls it has made."""

    def __init__(self, name: str, ports: Mapping[str, int], recorder: Recorder, dice: random.Random) -> None:
        self._name, self._recorder, self._dice = name, recorder, dice
        self._addresses = [f"127.0.0.1:{port}" for port in ports.values()]
        self._calls = 0

    def __repr__(self) -> str:
        return f"<Caller {self._name} calls={self._calls}>"

    async def run(self, wanted: Callable[[], bool]) -> None:
        """Until `wanted` says no, and then to the end of the call that is under way."""
        channels = [open_channel(address) for address in self._addresses]
        stubs = [CoordinatorServiceStub(channel) for channel in channels]
        while wanted():
            await asyncio.sleep(self._dice.expovariate(1 / PAUSE))
            request = self._request()
            while not await self._told(self._dice.choice(stubs), request) and wanted():
                await asyncio.sleep(AGAIN_AFTER)
        for channel in channels:
            await channel.close()

    def _request(self) -> pb.ClientTaskRequest:
        payload = msgspec.json.encode({"call": f"{self._name}/{self._calls + 1}"})
        return pb.ClientTaskRequest(task_id=str(new_id()), command="chaos-quick", payload=payload)

    async def _told(self, coordinator: CoordinatorServiceStub, request: pb.ClientTaskRequest) -> bool:
        """Whether there was an answer that settles it."""
        self._calls += 1
        asked = {"op": "enqueue", "call": f"{self._name}/{self._calls}", "task_ids": [request.task_id]}
        self._recorder.write("invoke", **asked)
        try:
            await coordinator.SubmitTask(request, timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            kind = "fail" if error.code() in REFUSED else "unknown"
            self._recorder.write(kind, **asked, detail=f"{error.code().name}: {error.details()}"[:500])
            return kind == "fail"
        self._recorder.write("ok", **asked)
        return True


async def call(seed: int, places: Places, history: Path) -> None:
    """Until SIGTERM, and then to the end of the calls that are under way."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with asyncio.TaskGroup() as group:
        for number in range(1, CALLERS + 1):
            name = f"client-grpc-{number}"
            recorder = Recorder(history / f"{name}.jsonl", name)
            caller = Caller(name, places.coordinators, recorder, random.Random(f"{seed} {name}"))
            group.create_task(caller.run(lambda: not ended.is_set()))


if __name__ == "__main__":
    die_with_parent()
    where = Places.decode(os.environ[PLACES_VARIABLE])
    run_loop(call(int(sys.argv[1]), where, Path(os.environ[HISTORY_VARIABLE])))
