"""The fast delivery: one bidirectional stream to one worker, leases down, statuses up.

The coordinator dials the worker. A stream that breaks is dialled again, for the worker may be alive behind a broken
line; a refused connection means that its process is gone. One task writes the stream, one reads it.

What a worker reports faster than it can be written is left in its stream: gRPC then holds it back.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import grpc

from cluster.coordinator.delivery import Gone, kept_up
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.progress import ProgressBoard
from cluster.coordinator.reach import refused
from cluster.coordinator.reports import Batch, collect, collect_completed
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.coordinator.settling import Settling
from cluster.runtime import telemetry
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.columns import squeezed
from cluster.wire.taskmaster_pb2_grpc import WorkerServiceStub

REDIAL = 0.2
"""Seconds between two tries to reach a worker whose stream broke."""
MESSAGE = 500
"""Leases in one message; fewer when their payloads are large."""
MESSAGE_PAYLOAD = 4 * 1024 * 1024
STALE = 10_000
"""Stale leases in one message."""
LINGER = 0.1
"""Seconds that a worker waits to hear what is settled, if nothing else is to be told: mostly its next leases come
within them. With fifty workers that halves the messages down."""
UNSETTLED = 200
"""Batches of one worker that may wait to be written before it is read further."""

Call: TypeAlias = "grpc.aio.StreamStreamCall[pb.TaskBatch, pb.StatusBatch]"


class StreamDelivery:
    """State: what waits to be written, and when at the latest what is settled is told; how many of its batches are not
    settled, and whether the worker has told what it holds. All of it is bounded: by the leases of the session, by
    UNSETTLED, by STALE and what one batch can hold.
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
        self._stale: list[tuple[bytes, int]] = []
        self._settling = Settling()
        self._settled = asyncio.Event()
        self._written = asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None
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
        ended = {(lease.key, lease.lease_token) for lease in leases}
        kept = [lease for lease in self._waiting if (lease.key, lease.lease_token) not in ended]
        unsent = len(self._waiting) - len(kept)
        self._waiting = kept
        # Which of them were sent is not known one by one; the worker passes over what it never got.
        if unsent < len(ended):
            self._stale.extend(ended)
            self._written.set()

    async def start(self) -> None:
        kept = kept_up(self._session, self._run, self._on_gone)
        self._task = asyncio.create_task(kept, name=f"stream to {self._session.name}")

    async def stop(self) -> None:
        self._forget_linger()
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
            while self._settling.under_way(UNSETTLED) or len(self._stale) > STALE:
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
            batch = Batch(self._session, time.monotonic(), partial(self._settle, message.sequence))
            with batch.whole():
                collect_completed(batch, message.completed)
                collect(batch, message.outcomes)
            # Not before: what is no columns ends the stream, and nobody settles it.
            self._settling.begin(message.sequence)
            self._finisher.submit(batch)

    def _greet(self, holding: set[tuple[bytes, int]]) -> None:
        """The worker holds these: what else it was given got lost on the way and is given back. What it holds although
        it is not its any more, because it was not heard when that was told, is told again."""
        self._waiting.clear()
        leases = self._session.leases
        self._stale = [
            (key, token) for key, token in holding if (lease := leases.get(key)) is None or lease.lease_token != token
        ]
        lost = [
            lease for lease in leases.values() if not lease.reported and (lease.key, lease.lease_token) not in holding
        ]
        if lost:
            batch = Batch(self._session, time.monotonic(), lambda _: None)
            collect(batch, [_released(lease) for lease in lost])
            self._finisher.submit(batch)
        self._greeted = True
        self._written.set()
        self._on_ready()

    def _settle(self, sequence: int, stale: Sequence[tuple[bytes, int]]) -> None:
        self._settling.end(sequence)
        self._settled.set()
        self._stale.extend(stale)
        if stale:
            self._written.set()
        elif self._lingering is None:
            self._lingering = asyncio.get_running_loop().call_later(LINGER, self._written.set)

    def _forget_linger(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None

    async def _write(self, call: Call) -> None:
        told: tuple[int, tuple[int, ...]] = (0, ())
        while True:
            self._written.clear()
            # Whoever woke us, all that is settled by now is told.
            self._forget_linger()
            while self._greeted and (self._waiting or self._stale or told != self._is_settled):
                leases, told = self._next_leases(), self._is_settled
                stale, self._stale = self._stale[:STALE], self._stale[STALE:]
                self._settled.set()
                await call.write(
                    pb.TaskBatch(
                        leases=_columns(leases),
                        settled_through=told[0],
                        overtaken=told[1],
                        stale=[pb.LeaseRef(task_id=key, lease_token=token) for key, token in stale],
                    )
                )
            await self._written.wait()

    @property
    def _is_settled(self) -> tuple[int, tuple[int, ...]]:
        return self._settling.through, self._settling.overtaken

    def _next_leases(self) -> list[HeldLease]:
        leases, size = self._waiting[:MESSAGE], 0
        for count, lease in enumerate(leases):
            size += len(lease.payload or b"")
            if size > MESSAGE_PAYLOAD and count:
                leases = leases[:count]
                break
        del self._waiting[: len(leases)]
        return leases


def _released(lease: HeldLease) -> pb.TaskOutcome:
    return pb.TaskOutcome(task_id=lease.key, lease_token=lease.lease_token, status=pb.RELEASED, error="lost on the way")


def _columns(leases: Sequence[HeldLease]) -> pb.LeaseColumns:
    return pb.LeaseColumns(
        task_ids=b"".join([lease.key for lease in leases]),
        lease_tokens=squeezed([lease.lease_token for lease in leases]),
        commands=squeezed([lease.command for lease in leases]),
        payloads=squeezed([lease.payload or b"" for lease in leases]),
        attempts=squeezed([lease.attempt for lease in leases]),
        timeouts_ms=squeezed([lease.timeout_ms for lease in leases]),
    )
