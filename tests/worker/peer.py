"""A protocol peer for one worker: registers it, dials it back, gives leases, keeps what it is told."""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import grpc

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import Server, open_channel
from cluster.wire.columns import split_ids, spread
from cluster.wire.taskmaster_pb2_grpc import (
    CoordinatorServiceServicer,
    WorkerServiceStub,
    add_CoordinatorServiceServicer_to_server,
)

INTERVAL = 0.1


@dataclass(frozen=True)
class Lease:
    """One lease, as columns of a message tell many."""

    task_id: bytes
    lease_token: int
    command: str
    payload: bytes
    attempt: int
    timeout_ms: int


@dataclass
class Told:
    """Everything a stream was told, in order; sequence numbers apart."""

    sequences: list[int] = field(default_factory=list)
    holding: list[list[tuple[bytes, int]]] = field(default_factory=list)
    outcomes: list[pb.TaskOutcome] = field(default_factory=list)
    progress: list[list[pb.TaskProgress]] = field(default_factory=list)


class Peer(CoordinatorServiceServicer):
    """State: the sessions it opened, the heartbeats and updates it got, and the stream to the worker."""

    def __init__(self, port: int = 0) -> None:
        self.server = Server("127.0.0.1", port, ())
        add_CoordinatorServiceServicer_to_server(self, self.server.grpc)
        self.heartbeats: list[pb.HeartbeatRequest] = []
        self.updates: list[pb.UpdateTaskStatusRequest] = []
        self.over: set[int] = set()
        self.refuse_updates = False
        self.settles = True
        self.coordinator_id = "peer"
        self.answers = asyncio.Event()
        self.answers.set()
        self.interval = INTERVAL
        self.told = Told()
        self.call: grpc.aio.StreamStreamCall | None = None
        self._sessions = itertools.count(1)
        self._channel: grpc.aio.Channel | None = None
        self._reader: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    @property
    def session(self) -> pb.HeartbeatRequest:
        """The last heartbeat of a registered worker."""
        return next(beat for beat in reversed(self.heartbeats) if beat.session_id)

    @property
    def worker_address(self) -> str:
        return self.heartbeats[-1].address

    async def start(self) -> None:
        await self.server.start()

    async def stop(self) -> None:
        await self.hang_up()
        await self.server.stop(0)

    async def SendHeartbeat(self, request: pb.HeartbeatRequest, context: object) -> pb.HeartbeatResponse:  # noqa: N802
        self.heartbeats.append(request)
        await self.answers.wait()
        session = request.session_id or next(self._sessions)
        if session in self.over:
            session = 0
        return pb.HeartbeatResponse(
            session_id=session, interval_seconds=self.interval, misses=3, coordinator_id=self.coordinator_id
        )

    async def UpdateTaskStatus(  # noqa: N802
        self, request: pb.UpdateTaskStatusRequest, context: object
    ) -> pb.UpdateTaskStatusResponse:
        self.updates.append(request)
        return pb.UpdateTaskStatusResponse(accepted=not self.refuse_updates)

    # ------------------------------------------------------------------ the stream

    async def dial(self, session_id: int, address: str | None = None, coordinator_id: str = "peer") -> None:
        """Open RunTasks as `session_id` and keep reading it."""
        if self._channel is not None:
            await self._channel.close()
        self._channel = open_channel(address or self.worker_address)
        self.call = WorkerServiceStub(self._channel).RunTasks()
        await self.call.write(pb.TaskBatch(session_id=session_id, coordinator_id=coordinator_id))
        self._reader = asyncio.create_task(self._read(self.call))

    async def hang_up(self) -> None:
        """The line breaks: the stream and its connection are gone."""
        if self.call is not None:
            self.call.cancel()
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._channel is not None:
            await self._channel.close()
        self.call = self._reader = self._channel = None

    async def ended(self) -> grpc.StatusCode:
        """The code with which the worker ended the stream."""
        return await self.call.code()

    async def give(self, *leases: Lease) -> None:
        await self._write(pb.TaskBatch(leases=columns(leases)))

    async def settle(self, through: int, stale: tuple[pb.LeaseRef, ...] = ()) -> None:
        await self._write(pb.TaskBatch(settled_through=through, stale=stale))

    async def take_away(self, *leases: Lease) -> None:
        """Their tasks were cancelled."""
        refs = [pb.LeaseRef(task_id=one.task_id, lease_token=one.lease_token) for one in leases]
        await self._write(pb.TaskBatch(stale=refs))

    async def _write(self, batch: pb.TaskBatch) -> None:
        # Tests and the reader write; a stream takes one write at a time.
        async with self._writing:
            await self.call.write(batch)

    async def _read(self, call: grpc.aio.StreamStreamCall) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while (batch := await call.read()) is not grpc.aio.EOF:
                if batch.greeting:
                    self.told.holding.append([(ref.task_id, ref.lease_token) for ref in batch.holding])
                    continue
                if batch.sequence == 0:
                    self.told.progress.append(list(batch.progress))
                    continue
                self.told.sequences.append(batch.sequence)
                self.told.outcomes.extend(batch.outcomes)
                self.told.outcomes.extend(completed(batch.completed))
                if self.settles:
                    await self._write(pb.TaskBatch(settled_through=batch.sequence))

    # ------------------------------------------------------------------ what was told

    def outcome_of(self, lease: Lease) -> pb.TaskOutcome | None:
        """The final outcome told of this lease, if any yet."""
        return next((one for one in self.told.outcomes if same(one, lease) and one.status != pb.STARTED), None)

    def statuses_of(self, lease: Lease) -> list[int]:
        return [one.status for one in self.told.outcomes if same(one, lease)]


def columns(leases: Sequence[Lease]) -> pb.LeaseColumns:
    return pb.LeaseColumns(
        task_ids=b"".join(one.task_id for one in leases),
        lease_tokens=[one.lease_token for one in leases],
        commands=[one.command for one in leases],
        payloads=[one.payload for one in leases],
        attempts=[one.attempt for one in leases],
        timeouts_ms=[one.timeout_ms for one in leases],
    )


def completed(told: pb.CompletionColumns) -> list[pb.TaskOutcome]:
    """Each on its own, as outcomes of other kinds are told."""
    ids = split_ids(told.task_ids)
    return [
        pb.TaskOutcome(
            task_id=key, lease_token=token, status=pb.COMPLETE, started_us_ago=began, finished_us_ago=end, result=result
        )
        for key, token, began, end, result in zip(
            ids,
            spread(told.lease_tokens, len(ids), 0),
            spread(told.started_us_ago, len(ids), 0),
            spread(told.finished_us_ago, len(ids), 0),
            spread(told.results, len(ids), b""),
            strict=True,
        )
    ]


def same(outcome: pb.TaskOutcome, lease: Lease) -> bool:
    return (outcome.task_id, outcome.lease_token) == (lease.task_id, lease.lease_token)


def lease(command: str, payload: bytes = b"{}", *, timeout: float = 0.0, attempt: int = 1, token: int = 7) -> Lease:
    return Lease(
        task_id=uuid4().bytes,
        lease_token=token,
        command=command,
        payload=payload,
        attempt=attempt,
        timeout_ms=round(timeout * 1000),
    )


def uuid_of(one: Lease) -> UUID:
    return UUID(bytes=one.task_id)
