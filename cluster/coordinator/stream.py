"""The fast delivery: one bidirectional stream to one worker, leases down, statuses up.

The coordinator dials the worker. A stream that breaks is dialled again, for the worker may be alive behind a broken
line; a refused connection means that its process is gone. One task writes the stream, one reads it.

What a worker reports faster than it can be written is left in its stream: gRPC then holds it back.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

import grpc

from cluster.coordinator.finisher import Finisher
from cluster.coordinator.progress import ProgressBoard
from cluster.coordinator.reach import refused
from cluster.coordinator.reports import Batch, collect
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.runtime import telemetry
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import WorkerServiceStub

REDIAL = 0.2
"""Seconds between two tries to reach a worker whose stream broke."""
MESSAGE = 500
"""Leases in one message; fewer when their payloads are large."""
MESSAGE_PAYLOAD = 4 * 1024 * 1024
STALE = 10_000
"""Stale leases in one message."""
UNSETTLED = 200
"""Batches of one worker that may wait to be written before it is read further."""

Call: TypeAlias = "grpc.aio.StreamStreamCall[pb.TaskBatch, pb.StatusBatch]"
Gone = Callable[[WorkerSession, str], Awaitable[None]]


class StreamDelivery:
    """State: what waits to be written, how many of its batches are not settled, and whether the worker has told what it
    holds. All of it is bounded: by the leases of the session, by UNSETTLED, by STALE and what one batch can hold.
    """

    def __init__(
        self,
        session: WorkerSession,
        coordinator_id: str,
        finisher: Finisher,
        progress: ProgressBoard,
        on_ready: Callable[[], None],
        on_gone: Gone,
    ) -> None:
        self._session = session
        self._coordinator_id = coordinator_id
        self._finisher = finisher
        self._progress = progress
        self._on_ready = on_ready
        self._on_gone = on_gone
        self._waiting: list[HeldLease] = []
        self._settled_through = 0
        self._stale: list[tuple[bytes, int]] = []
        self._unsettled = 0
        self._settled = asyncio.Event()
        self._written = asyncio.Event()
        self._greeted = False
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<StreamDelivery {self._session.name} ready={self.ready} waiting={len(self._waiting)}>"

    @property
    def ready(self) -> bool:
        return self._greeted

    def give(self, leases: Sequence[HeldLease]) -> None:
        self._waiting.extend(leases)
        self._written.set()

    def revoke(self, leases: Sequence[HeldLease]) -> None:
        ended = {(lease.key, lease.token) for lease in leases}
        kept = [lease for lease in self._waiting if (lease.key, lease.token) not in ended]
        unsent = len(self._waiting) - len(kept)
        self._waiting = kept
        # Which of them were sent is not known one by one; the worker passes over what it never got.
        if unsent < len(ended):
            self._stale.extend(ended)
            self._written.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"stream to {self._session.name}")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        channel = open_channel(self._session.address)
        try:
            while not self._session.over:
                reason = await self._converse(WorkerServiceStub(channel))
                self._greeted = False
                if await refused(self._session.address):
                    await self._on_gone(self._session, "drained" if self._session.draining else "its process ended")
                    return
                telemetry.emit("stream_broken", level="warning", worker=self._session.name, error=reason)
                await asyncio.sleep(REDIAL)
        finally:
            await channel.close()

    async def _converse(self, worker: WorkerServiceStub) -> str:
        """One life of the stream; returns why it ended."""
        call = worker.RunTasks()
        parts: list[asyncio.Task[None]] = []
        try:
            await call.write(pb.TaskBatch(session_id=self._session.session_id, coordinator_id=self._coordinator_id))
            parts.append(asyncio.create_task(self._read(call), name=f"reader of {self._session.name}"))
            parts.append(asyncio.create_task(self._write(call), name=f"writer to {self._session.name}"))
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            # The reader first: it knows best why a stream ended.
            await next(part for part in parts if part.done())
        except grpc.aio.AioRpcError as error:
            return f"{error.code().name}: {error.details()}"
        except Exception as error:  # noqa: BLE001 - a stream that nobody dials again would keep its leases for ever
            # grpc.aio raises InvalidStateError when a write meets a stream that has just ended.
            return repr(error)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            call.cancel()
        return "the worker ended the stream"

    async def _read(self, call: Call) -> None:
        async for message in call:
            self._take(message)
            # Also while it does not read what it is told: its lies would pile up here.
            while self._unsettled >= UNSETTLED or len(self._stale) > STALE:
                self._settled.clear()
                await self._settled.wait()

    def _take(self, message: pb.StatusBatch) -> None:
        # As good as a heartbeat: it is alive, though its own way to us may be cut.
        self._session.heard_at = time.monotonic()
        if message.greeting:
            self._greet({(ref.task_id, ref.lease_token) for ref in message.holding})
            return
        if message.progress:
            self._progress.note(self._session, message.progress)
        if message.sequence:
            self._unsettled += 1
            batch = Batch(self._session, time.monotonic(), partial(self._settle, message.sequence))
            collect(batch, message.outcomes)
            self._finisher.submit(batch)

    def _greet(self, holding: set[tuple[bytes, int]]) -> None:
        """The worker holds these: what else it was given got lost on the way and is given back. What it holds although
        it is not its any more, because it was not heard when that was told, is told again."""
        self._waiting.clear()
        leases = self._session.leases
        self._stale = [
            (key, token) for key, token in holding if (lease := leases.get(key)) is None or lease.token != token
        ]
        lost = [lease for lease in leases.values() if (lease.key, lease.token) not in holding and not lease.reported]
        if lost:
            batch = Batch(self._session, time.monotonic(), lambda _: None)
            released = [
                pb.TaskOutcome(task_id=lease.key, lease_token=lease.token, status=pb.RELEASED, error="lost on the way")
                for lease in lost
            ]
            collect(batch, released)
            self._finisher.submit(batch)
        self._greeted = True
        self._written.set()
        self._on_ready()

    def _settle(self, sequence: int, stale: Sequence[tuple[bytes, int]]) -> None:
        self._unsettled -= 1
        self._settled.set()
        self._settled_through = max(self._settled_through, sequence)
        self._stale.extend(stale)
        self._written.set()

    async def _write(self, call: Call) -> None:
        told = 0
        while True:
            self._written.clear()
            while self._greeted and (self._waiting or self._stale or told < self._settled_through):
                leases, told = self._next_leases(), self._settled_through
                stale, self._stale = self._stale[:STALE], self._stale[STALE:]
                self._settled.set()
                await call.write(
                    pb.TaskBatch(
                        tasks=[_message(lease) for lease in leases],
                        settled_through=told,
                        stale=[pb.LeaseRef(task_id=key, lease_token=token) for key, token in stale],
                    )
                )
            await self._written.wait()

    def _next_leases(self) -> list[HeldLease]:
        leases, size = self._waiting[:MESSAGE], 0
        for count, lease in enumerate(leases):
            size += len(lease.payload or "")
            if size > MESSAGE_PAYLOAD and count:
                leases = leases[:count]
                break
        del self._waiting[: len(leases)]
        return leases


def _message(lease: HeldLease) -> pb.TaskLease:
    return pb.TaskLease(
        task_id=lease.key,
        lease_token=lease.token,
        command=lease.command,
        payload=lease.payload.encode() if lease.payload else b"",
        attempt=lease.attempt,
        timeout_ms=lease.timeout_ms,
    )
