"""The other end of the wire: workers that do what a test tells them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import grpc

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import Server
from cluster.wire.columns import split_ids, spread
from cluster.wire.taskmaster_pb2_grpc import (
    CoordinatorServiceStub,
    WorkerServiceServicer,
    add_WorkerServiceServicer_to_server,
)
from tests.fixtures.eventually import eventually

END = None


@dataclass(frozen=True)
class Lease:
    """One entry of each column."""

    task_id: bytes
    lease_token: int
    command: str = ""
    payload: bytes = b""
    attempt: int = 1
    timeout_ms: int = 0


class PeerWorker(WorkerServiceServicer):
    """Serves RunTasks (or only SubmitTask) and reports what the test says."""

    def __init__(
        self,
        coordinator: CoordinatorServiceStub,
        *,
        name: str = "peer",
        slots: int = 5,
        commands: Sequence[str] = ("noop",),
        streaming: bool = True,
        handlers: Sequence[pb.Handler] = (),
        host: str = "",
        pid: int = 0,
    ) -> None:
        self.coordinator = coordinator
        self.worker_id = f"{name}-{uuid4().hex[:8]}"
        self.name, self.slots, self.commands, self.streaming = name, slots, commands, streaming
        self.handlers, self.host, self.pid = handlers, host, pid
        self.session_id = 0
        self.leases: list[Lease] = []
        self.requests: list[pb.TaskRequest] = []
        self.refuses = False
        self.settled_through = 0
        self.overtaken: list[int] = []
        self.stale: list[pb.LeaseRef] = []
        self.holding: list[pb.LeaseRef] = []
        self.sequence = 0
        self.streams = 0
        self.dialled_by = ""
        self._outgoing: asyncio.Queue[pb.StatusBatch | None] = asyncio.Queue()
        self._server = Server("127.0.0.1", 0, ("taskmaster.v1.WorkerService",))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.port}"

    async def start(self) -> None:
        add_WorkerServiceServicer_to_server(self, self._server.grpc)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(0)

    async def __aenter__(self) -> "PeerWorker":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def heartbeat(self, **changes: object) -> pb.HeartbeatResponse:
        request = pb.HeartbeatRequest(
            worker_id=self.worker_id,
            name=self.name,
            address=self.address,
            slots=self.slots,
            commands=self.commands,
            streaming=self.streaming,
            session_id=self.session_id,
            handlers=self.handlers,
            host=self.host,
            pid=self.pid,
        )
        request.MergeFrom(pb.HeartbeatRequest(**changes))
        response = await self.coordinator.SendHeartbeat(request)
        self.session_id = response.session_id
        return response

    async def report(self, *outcomes: pb.TaskOutcome) -> None:
        self.sequence += 1
        await self._outgoing.put(pb.StatusBatch(sequence=self.sequence, outcomes=outcomes))

    async def report_completed(self, columns: pb.CompletionColumns) -> None:
        self.sequence += 1
        await self._outgoing.put(pb.StatusBatch(sequence=self.sequence, completed=columns))

    async def complete(self, leases: Sequence[Lease], result: bytes = b"") -> None:
        await self.report(*(outcome(lease, pb.COMPLETE, result=result) for lease in leases))

    async def progress(self, lease: Lease, fraction: float, message: str = "") -> None:
        word = pb.TaskProgress(task_id=lease.task_id, lease_token=lease.lease_token, progress=fraction, message=message)
        await self.say(word)

    async def say(self, *words: pb.TaskProgress) -> None:
        await self._outgoing.put(pb.StatusBatch(progress=words))

    async def settled(self) -> None:
        await eventually(lambda: self.settled_through == self.sequence and not self.overtaken)

    async def given(self, count: int) -> list[Lease]:
        await eventually(lambda: len(self.leases) >= count)
        return self.leases

    async def end_stream(self) -> None:
        await self._outgoing.put(END)

    async def RunTasks(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.TaskBatch], context: grpc.aio.ServicerContext
    ) -> None:
        self.streams += 1
        reading = asyncio.create_task(self._read(request_iterator))
        await context.write(pb.StatusBatch(sequence=0, holding=self.holding, greeting=True))
        try:
            while (batch := await self._outgoing.get()) is not END:
                await context.write(batch)
        finally:
            reading.cancel()

    async def SubmitTask(self, request: pb.TaskRequest, _context: object) -> pb.TaskResponse:  # noqa: N802
        self.requests.append(request)
        return pb.TaskResponse(accepted=not self.refuses, detail="busy" if self.refuses else "")

    async def _read(self, batches: AsyncIterator[pb.TaskBatch]) -> None:
        async for batch in batches:
            self.dialled_by = batch.coordinator_id or self.dialled_by
            self.leases.extend(tasks_of(batch.leases))
            self.stale.extend(batch.stale)
            self.settled_through = max(self.settled_through, batch.settled_through)
            self.overtaken = list(batch.overtaken)


def tasks_of(columns: pb.LeaseColumns) -> list[Lease]:
    ids = split_ids(columns.task_ids)
    rows = zip(
        ids,
        spread(columns.lease_tokens, len(ids), 0),
        spread(columns.commands, len(ids), ""),
        spread(columns.payloads, len(ids), b""),
        spread(columns.attempts, len(ids), 1),
        spread(columns.timeouts_ms, len(ids), 0),
        strict=True,
    )
    return [Lease(*row) for row in rows]


def outcome(lease: Lease, status: pb.TaskStatus, **facts: object) -> pb.TaskOutcome:
    started = 0 if status == pb.RELEASED else 500
    return pb.TaskOutcome(
        task_id=lease.task_id,
        lease_token=lease.lease_token,
        status=status,
        started_us_ago=started,
        finished_us_ago=0 if status == pb.STARTED else 100,
        **facts,
    )
