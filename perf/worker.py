"""What a worker costs for each task, without a coordinator or PostgreSQL: `python perf/worker.py [--tasks N] …`.

Two figures for `noop`: the executor alone (runs in, outcomes out, in this process), and the whole worker program, fed
through gRPC by a peer in this process that gives batches of 500 and keeps as many leases out as `--credit` says.
Tasks per second by the clock, and CPU of the worker for each task (user and system time, all threads).
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from uuid import uuid4

import grpc
import psutil

from cluster.runtime import loop
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import Server, open_channel
from cluster.wire.taskmaster_pb2_grpc import (
    CoordinatorServiceServicer,
    WorkerServiceStub,
    add_CoordinatorServiceServicer_to_server,
)
from cluster.worker.builtins.demo import demo_handlers
from cluster.worker.executor import Executor
from cluster.worker.loading import prepare
from cluster.worker.run import Run

BATCH = 500


class Registrar(CoordinatorServiceServicer):
    """Opens one session. State: where the worker that registered can be dialled."""

    def __init__(self) -> None:
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def SendHeartbeat(self, request: pb.HeartbeatRequest, _context: object) -> pb.HeartbeatResponse:  # noqa: N802
        if request.session_id and not self.address.done():
            self.address.set_result(request.address)
        return pb.HeartbeatResponse(session_id=1, interval_seconds=1.0, misses=3)


def told(name: str, tasks: int, seconds: float, cpu: float) -> None:
    each = f"{cpu / tasks * 1e6:5.1f} µs CPU a task = {tasks / cpu:,.0f}/s a core"
    print(f"{name:15} {tasks / seconds:10,.0f} tasks/s   {each}")  # noqa: T201


async def executor_alone(tasks: int, slots: int) -> None:
    done, finished = 0, asyncio.Event()

    def report(_started: list[Run], ended: list[Run]) -> None:
        nonlocal done
        done += len(ended)
        if done >= tasks:
            finished.set()

    async def no_process(run: Run, _on_progress: object) -> None:
        raise AssertionError(run)

    executor = Executor(slots, prepare(demo_handlers(0)), no_process, report)
    await executor.start()
    runs = [Run(uuid4().bytes, 1, "noop", b"{}", 1, 900.0) for _ in range(tasks)]
    clock, cpu = time.perf_counter(), time.process_time()
    for first in range(0, tasks, BATCH):
        executor.submit(runs[first : first + BATCH])
    await finished.wait()
    told("executor alone", tasks, time.perf_counter() - clock, time.process_time() - cpu)
    await executor.stop()


async def whole_worker(tasks: int, slots: int, credit: int) -> None:
    server, registrar = Server("127.0.0.1", 0, ()), Registrar()
    add_CoordinatorServiceServicer_to_server(registrar, server.grpc)
    await server.start()
    settings = {
        "COORDINATOR_ADDRESS": f"127.0.0.1:{server.port}",
        "WORKER_ADDRESS": "127.0.0.1",
        "WORKER_POOL_SIZE": str(slots),
        "HEARTBEAT_INTERVAL": "0.2",
    }
    command = [sys.executable, "-m", "cluster.worker"]
    worker = subprocess.Popen(  # noqa: ASYNC220, S603
        command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL
    )
    try:
        async with open_channel(await registrar.address) as channel:
            await drive(WorkerServiceStub(channel).RunTasks(), psutil.Process(worker.pid), tasks, credit)
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)
        await server.stop()


async def drive(call: grpc.aio.StreamStreamCall, process: psutil.Process, tasks: int, credit: int) -> None:
    await call.write(pb.TaskBatch(session_id=1))
    await call.read()
    batches = [[lease(token) for _ in range(BATCH)] for token in range(tasks // BATCH)]
    out, settled, more = 0, 0, asyncio.Event()

    async def give() -> None:
        nonlocal out
        for batch in batches:
            while out + BATCH > credit:
                more.clear()
                await more.wait()
            out += BATCH
            await call.write(pb.TaskBatch(tasks=batch, settled_through=settled))

    before, clock = process.cpu_times(), time.perf_counter()
    giving, done = asyncio.create_task(give()), 0
    while done < len(batches) * BATCH:
        batch = await call.read()
        done, out, settled = done + len(batch.outcomes), out - len(batch.outcomes), batch.sequence
        more.set()
    await giving
    seconds, after = time.perf_counter() - clock, process.cpu_times()
    await call.write(pb.TaskBatch(settled_through=settled))
    told("whole worker", done, seconds, after.user + after.system - before.user - before.system)


def lease(token: int) -> pb.TaskLease:
    return pb.TaskLease(task_id=uuid4().bytes, lease_token=token, command="noop", attempt=1, timeout_ms=900_000)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--slots", type=int, default=5)
    parser.add_argument("--credit", type=int, default=1000)
    options = parser.parse_args()
    await executor_alone(options.tasks, options.slots)
    await whole_worker(options.tasks, options.slots, max(BATCH, options.credit))


if __name__ == "__main__":
    loop.run(main())
