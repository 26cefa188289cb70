"""Enqueue over gRPC: one task a call, answered after COMMIT."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from cluster.coordinator.feed import Feed, TaskNews
from cluster.core.errors import InvalidTask, StoreUnavailable
from cluster.core.new_task import NewTask
from cluster.core.payload import checked_payload
from cluster.runtime.ids import new_id
from cluster.store.certainty import enqueue_for_certain
from cluster.store.pool import Pool
from cluster.wire import taskmaster_pb2 as pb

IN_FLIGHT = 1_000
"""Calls that may wait for PostgreSQL at once; so many ids, too, may wait in the feed to be told as scheduled."""


class Submissions:
    """State: how many calls are under way."""

    def __init__(self, pool: Pool, feed: Feed, wake_tasks: Callable[[], None]) -> None:
        self._pool = pool
        self._feed = feed
        self._wake_tasks = wake_tasks
        self._in_flight = 0

    async def submit(self, request: pb.ClientTaskRequest) -> pb.ClientTaskResponse:
        """Raises InvalidTask, PayloadTooLarge, StoreUnavailable or OutcomeUnknown."""
        task = _new_task(request)
        if self._in_flight >= IN_FLIGHT:
            raise StoreUnavailable("too many tasks are being enqueued at once; this one was not, try again")
        task_id = str(task.id)
        self._in_flight += 1
        self._feed.order.expect([task_id])
        news: TaskNews | None = None
        try:
            [enqueued] = await enqueue_for_certain(self._pool, [task])
            if enqueued.created:
                news = TaskNews(task_id, "", f"{task.command} scheduled")
        finally:
            self._in_flight -= 1
            self._feed.scheduled(task_id, news)
        if enqueued.created:
            self._wake_tasks()
        return pb.ClientTaskResponse(
            task_id=str(enqueued.id),
            command=enqueued.command,
            scheduled_at=enqueued.scheduled_at.timestamp(),
            created=enqueued.created,
        )


def _new_task(request: pb.ClientTaskRequest) -> NewTask:
    if request.HasField("scheduled_at") and request.HasField("delay_seconds"):
        raise InvalidTask("give scheduled_at or delay_seconds, not both")
    try:
        given = UUID(request.task_id) if request.task_id else None
        due = datetime.fromtimestamp(request.scheduled_at, UTC) if request.HasField("scheduled_at") else None
        timeout_ms = int(request.timeout_seconds * 1000) if request.timeout_seconds else None
    except (ValueError, OverflowError, OSError):
        raise InvalidTask(
            "task_id must be a UUID, scheduled_at seconds since the epoch, timeout_seconds a number of seconds"
        ) from None
    return NewTask(
        id=given or new_id(),
        command=request.command,
        payload=checked_payload(request.payload) if request.payload else None,
        queue=request.queue or "default",
        priority=request.priority,
        max_attempts=request.max_attempts or None,
        timeout_ms=timeout_ms,
        unique_key=request.unique_key or None,
        due=due,
        delay=request.delay_seconds,
        id_given=given is not None,
    )
