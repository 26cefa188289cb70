"""The simple delivery: one SubmitTask call per task, for workers that do not serve the stream.

They answer at once and report by UpdateTaskStatus. A task that a worker does not take is given back. No call answers:
the connection tells whether the process is gone, and the heartbeats tell the rest.

Such a worker never says what it holds. So a coordinator that takes its session over goes by what was reported: what is
STARTED goes on, the rest may never have got there and is given back.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import grpc

from cluster.coordinator.delivery import Gone, kept_up
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.reach import refused
from cluster.coordinator.reports import Batch, collect
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import WorkerServiceStub

CALL_TIMEOUT = 5.0
REST = 1.0
"""Seconds without a task after one that did not get through or was not taken."""
LOOK = 0.5
"""Seconds between two looks whether the worker's process still listens."""


class PushDelivery:
    """State: the channel, the calls under way (never more than the session has leases), the loop that looks after the
    process, until when the worker rests."""

    def __init__(self, session: WorkerSession, finisher: Finisher, on_ready: Callable[[], None], on_gone: Gone) -> None:
        self._session = session
        self._finisher = finisher
        self._on_ready = on_ready
        self._on_gone = on_gone
        self._channel = open_channel(session.address)
        self._worker = WorkerServiceStub(self._channel)
        self._calls: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._rests_until = 0.0

    def __repr__(self) -> str:
        return f"<PushDelivery {self._session.name} calls={len(self._calls)}>"

    @property
    def ready(self) -> bool:
        return self._task is not None and time.monotonic() >= self._rests_until

    def give(self, leases: Sequence[HeldLease]) -> None:
        for lease in leases:
            call = asyncio.create_task(self._submit(lease), name=f"submit to {self._session.name}")
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    def revoke(self, leases: Sequence[HeldLease]) -> None:
        """Nothing tells such a worker: it hears of it when it reports."""

    async def start(self) -> None:
        kept = kept_up(self._session, self._watch, self._on_gone)
        self._task = asyncio.create_task(kept, name=f"watch {self._session.name}")
        for lease in self._session.leases.values():
            self._give_back(lease, "taken over before it was said to run")
        self._on_ready()

    async def stop(self) -> None:
        task, self._task = self._task, None
        owned = {*self._calls, *([task] if task else [])} - {asyncio.current_task()}
        for one in owned:
            one.cancel()
        if owned:
            await asyncio.wait(owned)
        await self._channel.close()

    async def _watch(self) -> None:
        while not self._session.over:
            await asyncio.sleep(LOOK)
            if await refused(self._session.address):
                await self._on_gone(self._session, "its process ended")
                return

    async def _submit(self, lease: HeldLease) -> None:
        try:
            response = await self._worker.SubmitTask(_request(lease, self._session.worker_id), timeout=CALL_TIMEOUT)
        except grpc.aio.AioRpcError as error:
            self._give_back(lease, f"{error.code().name}: {error.details()}")
            return
        if not response.accepted:
            self._give_back(lease, response.detail or "not accepted")

    def _give_back(self, lease: HeldLease, reason: str) -> None:
        if lease.started:
            # The call broke after the worker had begun: what becomes of the task is for it, or its end, to say.
            return
        self._rests_until = time.monotonic() + REST
        batch = Batch(self._session, time.monotonic(), lambda _: None)
        outcome = pb.TaskOutcome(task_id=lease.key, lease_token=lease.lease_token, status=pb.RELEASED, error=reason)
        collect(batch, [outcome])
        self._finisher.submit(batch)


def _request(lease: HeldLease, worker_id: str) -> pb.TaskRequest:
    return pb.TaskRequest(
        task_id=str(lease.id),
        command=lease.command,
        payload=lease.payload or b"",
        lease_token=lease.lease_token,
        attempt=lease.attempt,
        timeout_ms=lease.timeout_ms,
        worker_id=worker_id,
    )
