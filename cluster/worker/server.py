"""What this worker serves: the WorkerService of the contract."""

from uuid import UUID

import grpc

from cluster.runtime import telemetry
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.taskmaster_pb2_grpc import WorkerServiceServicer
from cluster.worker.arrivals import run_of
from cluster.worker.leases import Leases
from cluster.worker.session import Session
from cluster.worker.stream import Call, Stream

SERVICE = "taskmaster.v1.WorkerService"


class WorkerServicer(WorkerServiceServicer):
    """Takes leases from whoever knows our session. State: the one stream that is served now."""

    def __init__(self, leases: Leases, session: Session, slots: int, commands: frozenset[str]) -> None:
        self._leases, self._session, self._slots, self._commands = leases, session, slots, commands
        self._stream: Stream | None = None

    def __repr__(self) -> str:
        return f"<WorkerServicer stream={self._stream}>"

    async def RunTasks(self, request_iterator: object, context: Call) -> None:  # noqa: N802
        """Leases down, statuses up. A second stream replaces the first: its coordinator has given that up."""
        first = await context.read()
        if first is grpc.aio.EOF:
            return
        reason = await self._session.reason_against(first.session_id, first.coordinator_id)
        if reason:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, reason)
        stream, replaced = Stream(context, self._leases), self._stream
        self._stream = stream
        telemetry.emit("stream_opened", session_id=first.session_id)
        try:
            await stream.serve(after=replaced)
        finally:
            if self._stream is stream:
                self._session.hurry()

    async def SubmitTask(self, request: pb.TaskRequest, context: object) -> pb.TaskResponse:  # noqa: N802
        """One task for one free slot; what becomes of it is told by UpdateTaskStatus."""
        reason = self._reason_against(request)
        if reason:
            return pb.TaskResponse(accepted=False, detail=reason)
        self._leases.accept([run_of(request, UUID(request.task_id).bytes)])
        return pb.TaskResponse(accepted=True)

    def shut_stream(self) -> None:
        """The session is over: nothing more is taken from its stream."""
        if self._stream is not None:
            self._stream.shut()

    def _reason_against(self, request: pb.TaskRequest) -> str:
        if self._leases.draining:
            return "this worker drains"
        if request.command not in self._commands:
            return f"this worker does not know the command {request.command!r}"
        if len(self._leases) >= self._slots:
            return "no slot is free"
        try:
            UUID(request.task_id)
        except ValueError:
            return f"task_id must be a UUID; {request.task_id!r} is not"
        return ""
