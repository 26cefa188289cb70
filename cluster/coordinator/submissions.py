"""Enqueue over gRPC: one task a call, answered after a COMMIT that it shares with those of the same moment."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from cluster.coordinator.feed import Feed, TaskNews
from cluster.core.errors import InvalidTask, StoreUnavailable
from cluster.core.events import scheduled_text
from cluster.core.new_task import NewTask
from cluster.core.payload import checked_payload
from cluster.runtime.ids import new_id
from cluster.store.enqueue import Enqueued
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Pool
from cluster.wire import taskmaster_pb2 as pb

IN_FLIGHT = 1_000
"""Calls that may wait for PostgreSQL at once; so many ids, too, may wait in the feed to be told as scheduled."""


class Submissions:
    """State: how many calls are under way, and what is being written."""

    def __init__(self, pool: Pool, feed: Feed, wake_tasks: Callable[[], None]) -> None:
        self._feed = feed
        self._wake_tasks = wake_tasks
        self._group_commit = GroupCommit(pool, self)
        self._in_flight = 0

    def __repr__(self) -> str:
        return f"<Submissions in_flight={self._in_flight}>"

    async def start(self) -> None:
        await self._group_commit.start()

    async def stop(self) -> None:
        await self._group_commit.stop()

    async def submit(self, request: pb.ClientTaskRequest) -> pb.ClientTaskResponse:
        """Raises InvalidTask, PayloadTooLarge, StoreUnavailable or OutcomeUnknown."""
        task = _new_task(request)
        if self._in_flight >= IN_FLIGHT:
            raise StoreUnavailable("too many tasks are being enqueued at once; this one was not, try again")
        self._in_flight += 1
        try:
            [enqueued] = await self._group_commit.enqueue([task])
        finally:
            self._in_flight -= 1
        return pb.ClientTaskResponse(
            task_id=str(enqueued.id),
            command=enqueued.command,
            scheduled_at=enqueued.scheduled_at.timestamp(),
            created=enqueued.created,
        )

    def expect(self, task_ids: Sequence[str]) -> None:
        """These tasks are about to be committed; `scheduled` must follow, whatever comes of it."""
        self._feed.order.expect(task_ids)

    def scheduled(self, task_ids: Sequence[str], created: Sequence[Enqueued]) -> None:
        """The expected tasks, and those of them that are new."""
        if created:
            # First, for a task waits longer than those who watch.
            self._wake_tasks()
        self._feed.scheduled(task_ids, created, _scheduled_news)


def _scheduled_news(task: Enqueued) -> TaskNews:
    return TaskNews(str(task.id), "", scheduled_text(task.command, task.scheduled_at, ready=task.ready))


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
