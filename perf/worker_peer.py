"""The coordinator's side of one worker program, for measurements: registers it, feeds it, counts what it tells."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import grpc
import psutil

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import Server, open_channel
from cluster.wire.taskmaster_pb2_grpc import (
    CoordinatorServiceServicer,
    WorkerServiceStub,
    add_CoordinatorServiceServicer_to_server,
)

BATCH = 500
CHECKOUT = Path(__file__).resolve().parent.parent


class Registrar(CoordinatorServiceServicer):
    """Opens one session. State: where the worker that registered can be dialled."""

    def __init__(self) -> None:
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def SendHeartbeat(self, request: pb.HeartbeatRequest, _context: object) -> pb.HeartbeatResponse:  # noqa: N802
        if request.session_id and not self.address.done():
            self.address.set_result(request.address)
        return pb.HeartbeatResponse(session_id=1, interval_seconds=1.0, misses=3)


@dataclass(frozen=True, slots=True)
class Spent:
    """What some tasks cost: seconds by the clock, CPU seconds of the worker and of its child processes, and how many
    messages told of them."""

    tasks: int
    seconds: float
    worker: float
    children: float
    messages: int


class Fed:
    """One worker and the stream to it. State: the last sequence number heard, and how many leases were given."""

    def __init__(self, call: grpc.aio.StreamStreamCall, process: psutil.Process) -> None:
        self.process = process
        self._call = call
        self._settled = 0
        self._given = 0

    async def drain(self, command: str, tasks: int, credit: int) -> Spent:
        """Give that many leases, never more than `credit` at once, and settle what comes back."""
        out, more = 0, asyncio.Event()

        async def give() -> None:
            nonlocal out
            for first in range(0, tasks, BATCH):
                count = min(BATCH, tasks - first)
                while out and out + count > credit:
                    more.clear()
                    await more.wait()
                out += count
                await self._call.write(pb.TaskBatch(leases=self._leases(command, count), settled_through=self._settled))

        clock, worker, children = time.perf_counter(), *self._cpu()
        giving, done, messages = asyncio.create_task(give()), 0, 0
        while done < tasks:
            batch = await self._call.read()
            ended = sum(one.status != pb.STARTED for one in batch.outcomes) + len(batch.completed.task_ids) // 16
            done, out, messages, self._settled = done + ended, out - ended, messages + 1, batch.sequence
            more.set()
        await giving
        seconds, (worker_after, children_after) = time.perf_counter() - clock, self._cpu()
        await self._call.write(pb.TaskBatch(settled_through=self._settled))
        return Spent(tasks, seconds, worker_after - worker, children_after - children, messages)

    async def latency(self, command: str) -> float:
        """Seconds from just before its lease was written until the function of one task was entered."""
        leases, given = self._leases(command, 1), time.monotonic_ns()
        await self._call.write(pb.TaskBatch(leases=leases))
        results: list[bytes] = []
        while not results:  # that it started may be told before
            batch = await self._call.read()
            results.extend(batch.completed.results)
        await self._call.write(pb.TaskBatch(settled_through=batch.sequence))
        return (int(results[0]) - given) / 1e9

    def _leases(self, command: str, count: int) -> pb.LeaseColumns:
        self._given += count
        return pb.LeaseColumns(
            task_ids=b"".join(uuid4().bytes for _ in range(count)),
            lease_tokens=[self._given],
            commands=[command],
            timeouts_ms=[900_000],
        )

    def _cpu(self) -> tuple[float, float]:
        times = self.process.cpu_times()
        children = [child.cpu_times() for child in self.process.children()]
        return times.user + times.system, sum(one.user + one.system for one in children)


@asynccontextmanager
async def fed(slots: int) -> AsyncIterator[Fed]:
    """A worker program with its stream open."""
    server, registrar = Server("127.0.0.1", 0, ()), Registrar()
    add_CoordinatorServiceServicer_to_server(registrar, server.grpc)
    await server.start()
    settings = {
        "COORDINATOR_ADDRESS": f"127.0.0.1:{server.port}",
        "WORKER_ADDRESS": "127.0.0.1",
        "WORKER_POOL_SIZE": str(slots),
        "HEARTBEAT_INTERVAL": "0.2",
        "TASKMASTER_TASKS": "perf.worker_tasks",
        "TASKMASTER_PARENT": str(os.getpid()),
    }
    worker = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "cluster.worker"],
        cwd=CHECKOUT,
        env={**os.environ, **settings},
        stderr=subprocess.DEVNULL,
    )
    try:
        async with open_channel(await registrar.address) as channel:
            call = WorkerServiceStub(channel).RunTasks()
            await call.write(pb.TaskBatch(session_id=1))
            await call.read()
            yield Fed(call, psutil.Process(worker.pid))
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)
        await server.stop()
