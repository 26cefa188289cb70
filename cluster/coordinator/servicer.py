"""The gRPC surface of the coordinator: messages in, messages out; the work is done by the parts it is given."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import grpc

from cluster.coordinator import heartbeats
from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.progress import ProgressBoard
from cluster.coordinator.reports import TOKEN_MAX, Batch, collect
from cluster.coordinator.revoker import Revoker
from cluster.coordinator.sessions import Sessions
from cluster.coordinator.steering import Steering
from cluster.coordinator.submissions import Submissions
from cluster.coordinator.supervision import Supervision
from cluster.core.errors import InvalidTask, StoreUnavailable, TaskMasterError
from cluster.store import sessions as store
from cluster.store.leases import Held, accepted, still_held
from cluster.store.pool import Pool, connected
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceServicer

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
T = TypeVar("T")
WORKERS = 1_000
"""Workers that one answer lists, by name."""
_DROP = "the lease is no longer this worker's; drop the task"
_NOT_YET = "this worker is not known here yet; send a heartbeat, then report again"
_STILL_WRITTEN = "its outcome is still being written; report again"
_NO_SESSION = "this worker has no session here; send a heartbeat"
REPORTS = frozenset({pb.STARTED, pb.COMPLETE, pb.FAILED, pb.CANCELLED, pb.RELEASED})


class CoordinatorServicer(CoordinatorServiceServicer):
    """Implements taskmaster.v1.CoordinatorService. Errors of ours become gRPC statuses in one place, `_answer`."""

    def __init__(
        self,
        *,
        pool: Pool,
        sessions: Sessions,
        finisher: Finisher,
        progress: ProgressBoard,
        feed: Feed,
        submissions: Submissions,
        steering: Steering,
        revoker: Revoker,
        supervision: Supervision,
        wake_tasks: Callable[[], None],
        wake_promoter: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._sessions = sessions
        self._finisher = finisher
        self._progress = progress
        self._feed = feed
        self._submissions = submissions
        self._steering = steering
        self._revoker = revoker
        self._supervision = supervision
        self._wake_tasks = wake_tasks
        self._wake_promoter = wake_promoter

    async def SubmitTask(self, request: pb.ClientTaskRequest, context: Context) -> pb.ClientTaskResponse:  # noqa: N802
        return await _answer(context, self._submissions.submit(request))

    async def SendHeartbeat(self, request: pb.HeartbeatRequest, context: Context) -> pb.HeartbeatResponse:  # noqa: N802
        if problem := heartbeats.problem(request):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
        return await _answer(context, self._sessions.heartbeat(request))

    async def UpdateTaskStatus(  # noqa: N802
        self, request: pb.UpdateTaskStatusRequest, context: Context
    ) -> pb.UpdateTaskStatusResponse:
        if request.status not in REPORTS:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "status must be STARTED, COMPLETE, FAILED, CANCELLED or RELEASED"
            )
        if self._finisher.full:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many reports wait to be written; come again")
        known = self._sessions.of_worker(request.worker_id)
        key = await _task_key(request.task_id, context)
        if known is None and await _answer(context, self._holds(key, request.lease_token)):
            # We have just started, or it has just turned to us. What it reports must not be lost meanwhile.
            await context.abort(grpc.StatusCode.UNAVAILABLE, _NOT_YET)
        session = known or heartbeats.stranger(request.worker_id)
        settled: asyncio.Future[Sequence[tuple[bytes, int]]] = asyncio.get_running_loop().create_future()
        batch = Batch(session, time.monotonic(), partial(_resolve, settled))
        lease = session.leases.get(key)
        repeated = lease is not None and lease.reported
        collect(batch, [_report(request, key, started=lease is not None and lease.started)])
        self._finisher.submit(batch)
        if request.HasField("progress"):
            self._progress.note(session, [_progress(request, key)])
        refused = bool(await settled)
        if repeated and session.leases.get(key) is lease:
            # What it repeats came before it, but was overtaken: somebody has locked its row.
            await context.abort(grpc.StatusCode.UNAVAILABLE, _STILL_WRITTEN)
        if repeated and not refused:
            # What it repeats is settled by now, but its batch told somebody else.
            refused = not await _answer(context, self._was_accepted(key, request.lease_token))
        if refused:
            return pb.UpdateTaskStatusResponse(accepted=False, detail=_DROP if known else _NO_SESSION)
        return pb.UpdateTaskStatusResponse(accepted=True)

    async def _was_accepted(self, key: bytes, token: int) -> bool:
        """Whether an outcome of this lease was. Raises StoreUnavailable."""
        async with connected(self._pool) as connection:
            return bool(await accepted(connection, [Held(UUID(bytes=key), token)]))

    async def _holds(self, key: bytes, token: int) -> bool:
        """Whether PostgreSQL knows this lease. Raises StoreUnavailable."""
        if token > TOKEN_MAX:
            return False
        async with connected(self._pool) as connection:
            return bool(await still_held(connection, [Held(UUID(bytes=key), token)]))

    async def ListWorkers(self, _request: pb.ListWorkersRequest, context: Context) -> pb.ListWorkersResponse:  # noqa: N802
        async def workers() -> pb.ListWorkersResponse:
            async with connected(self._pool) as connection:
                rows = await store.live_sessions(connection)
            return pb.ListWorkersResponse(workers=map(_worker, rows[:WORKERS]))

        return await _answer(context, workers())

    async def CancelTasks(self, request: pb.TaskSelection, context: Context) -> pb.TaskChanges:  # noqa: N802
        return await _answer(context, self._steering.cancel(request))

    async def RetryTasks(self, request: pb.TaskSelection, context: Context) -> pb.TaskChanges:  # noqa: N802
        return await _answer(context, self._steering.retry(request))

    async def WatchEvents(  # noqa: N802
        self, request: pb.WatchEventsRequest, _context: Context
    ) -> AsyncIterator[pb.EventBatch]:
        async for batch in self._feed.watch(request.coordinator_id, request.after, request.watcher_id):
            yield batch

    async def Supervise(self, request_iterator: AsyncIterator[pb.SupervisorReport], context: Context) -> None:  # noqa: N802
        await self._supervision.serve(request_iterator, context.write)

    async def Wake(self, _requests: AsyncIterator[pb.WakeRequest], context: Context) -> pb.WakeResponse:  # noqa: N802
        while (request := await context.read()) is not grpc.aio.EOF:
            self._wake(request)
        return pb.WakeResponse()

    def _wake(self, request: pb.WakeRequest) -> None:
        # First what somebody waits for: who is woken first has the loop first.
        if request.tasks:
            self._wake_tasks()
        if request.later:
            self._wake_promoter()
        if request.orders:
            self._supervision.wake()
        if request.ended:
            self._revoker.revoke((ended.session_id, ended.task_id, ended.lease_token) for ended in request.ended)
        if request.events:
            self._feed.relay(request.events, request.watcher_id)


def _resolve(settled: asyncio.Future[Sequence[tuple[bytes, int]]], stale: Sequence[tuple[bytes, int]]) -> None:
    if not settled.done():
        settled.set_result(stale)


async def _answer(context: Context, work: Awaitable[T]) -> T:
    try:
        return await work
    except InvalidTask as error:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.detail)
    except StoreUnavailable as error:
        await context.abort(grpc.StatusCode.UNAVAILABLE, error.detail)
    except TaskMasterError as error:
        await context.abort(grpc.StatusCode.INTERNAL, error.detail)
    raise AssertionError("abort raises")


async def _task_key(task_id: str, context: Context) -> bytes:
    try:
        return UUID(task_id).bytes
    except ValueError:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "task_id must be a UUID")
    raise AssertionError("abort raises")


def _report(request: pb.UpdateTaskStatusRequest, key: bytes, *, started: bool) -> pb.TaskOutcome:
    # A simple worker times nothing: what it reports happened now. Without a STARTED before, it started just before.
    return pb.TaskOutcome(
        task_id=key,
        lease_token=request.lease_token,
        status=request.status,
        started_us_ago=0 if started or request.status == pb.RELEASED else 1,
        result=request.result,
        error=request.error,
        permanent=request.permanent,
        retry_in_seconds=request.retry_in_seconds if request.HasField("retry_in_seconds") else None,
    )


def _progress(request: pb.UpdateTaskStatusRequest, key: bytes) -> pb.TaskProgress:
    return pb.TaskProgress(
        task_id=key, lease_token=request.lease_token, progress=request.progress, message=request.progress_message
    )


def _worker(row: store.SessionRow) -> pb.Worker:
    return pb.Worker(
        worker_id=row.worker_id,
        name=row.name,
        address=row.address,
        status="draining" if row.draining else "online",
        slots=row.slots,
        running=row.running,
        current_task_ids=[str(task_id) for task_id in row.current_task_ids],
        tasks_completed=row.completed,
        tasks_failed=row.failed,
        last_heartbeat=row.last_heartbeat.timestamp(),
        commands=row.handlers,
        coordinator_id=row.coordinator,
    )
