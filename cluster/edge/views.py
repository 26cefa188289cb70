"""What is answered, as the types that OpenAPI is made from. Instants are ISO 8601 in UTC, null until they happen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from cluster.core.task import Status, status_of
from cluster.store.tasks import Enqueued, TaskRow

Json = Annotated[Raw, Meta(description="Any JSON value")]
_NULL = Raw(b"null")
_EMPTY = Raw(b"{}")


class ScheduledView(Struct):
    """The task that is enqueued now, or that was already. `scheduled_at`: seconds since the epoch."""

    task_id: UUID
    command: str
    scheduled_at: float

    @classmethod
    def of(cls, task: Enqueued) -> "ScheduledView":
        return cls(task.id, task.command, task.scheduled_at.timestamp())


class BatchView(Struct):
    """The ids in the order of the request."""

    count: int
    task_ids: list[UUID]


class AttemptView(Struct, kw_only=True):
    """How one attempt ended, or what else befell the task: failed (and was tried again), crashed, rescued, stale, dead,
    cancelled, quarantined, retried.
    """

    at: datetime
    outcome: str
    attempt: int | None = None
    worker_id: str | None = None
    token: int | None = None
    error: str | None = None


_read_attempts = msgspec.json.Decoder(list[AttemptView]).decode


class TaskView(Struct, kw_only=True):
    """One task. `status` is for everybody; `state` is the finer truth. null for `max_attempts` and `timeout_seconds`:
    what the handler says. `waited_seconds`: from due to begun; `ran_seconds`: from begun to finished, both of its last
    attempt and null until then. `progress`: 0 to 1, while it runs and says so. `attempts`: how earlier attempts ended,
    oldest first, at most 50; null in a list of tasks.
    """

    id: UUID
    task_id: UUID
    command: str
    status: Status
    state: str
    queue: str
    priority: int
    payload: Json
    scheduled_at: datetime
    created_at: datetime
    picked_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    worker_id: str | None
    attempt: int
    max_attempts: int | None
    timeout_seconds: float | None
    crash_count: int
    unique_key: str | None
    waited_seconds: float | None
    ran_seconds: float | None
    progress: float | None
    progress_message: str | None
    error: str | None
    result: Json
    attempts: list[AttemptView] | None

    @classmethod
    def of(cls, row: TaskRow) -> "TaskView":
        """The row as people see it: one finish time under the name of what it was, durations in seconds."""
        return cls.listed(row, [] if row.attempts is None else _read_attempts(row.attempts))

    @classmethod
    def listed(cls, row: TaskRow, attempts: list[AttemptView] | None = None) -> "TaskView":
        """The row of a list, which leaves the attempts out."""
        status = status_of(row.state)
        return cls(
            id=row.id,
            task_id=row.id,
            command=row.command,
            status=status,
            state=row.state.name.lower(),
            queue=row.queue,
            priority=row.priority,
            payload=_EMPTY if row.payload is None else Raw(row.payload),
            scheduled_at=row.scheduled_at,
            created_at=row.created_at,
            picked_at=row.picked_at,
            started_at=row.started_at,
            completed_at=row.finished_at if status is Status.COMPLETE else None,
            failed_at=row.finished_at if status is Status.FAILED else None,
            cancelled_at=row.finished_at if status is Status.CANCELLED else None,
            worker_id=row.worker_id,
            attempt=row.attempt,
            max_attempts=row.max_attempts,
            timeout_seconds=None if row.timeout_ms is None else row.timeout_ms / 1000,
            crash_count=row.crash_count,
            unique_key=row.unique_key,
            waited_seconds=_seconds(max(row.scheduled_at, row.created_at), row.started_at),
            ran_seconds=_seconds(row.started_at, row.finished_at),
            progress=None if row.progress is None else round(row.progress, 4),
            progress_message=row.progress_message,
            error=row.error,
            result=_NULL if row.result is None else Raw(row.result),
            attempts=attempts,
        )


def _seconds(begun: datetime | None, ended: datetime | None) -> float | None:
    return None if begun is None or ended is None else max(0.0, (ended - begun).total_seconds())


class TasksView(Struct):
    """The tasks that are known, in the order of the request."""

    tasks: list[TaskView]


class PageView(Struct):
    """Some tasks; `next_cursor` asks for the next ones, null on the last page.

    A page with a `next_cursor` may hold fewer tasks than asked for, even none: its filter was looked for that far, or
    its payloads, results and errors reach 4 MiB.
    """

    tasks: list[TaskView]
    next_cursor: str | None


class ChangeView(Struct, kw_only=True):
    """What became of one task. `was`: its state before; `detail`: in words, also why nothing changed."""

    task_id: UUID
    changed: bool
    was: str
    status: Status
    detail: str


class ChangesView(Struct, kw_only=True):
    """What became of many tasks. `count`: those that changed, of which `task_ids` names at most 1,000. `refused`: how
    many of the unchanged ones are not as it was wanted; `reasons`: why tasks are unchanged, and how many for each
    reason. `more`: more tasks fit than the limit allows. With `dry_run` it says what would become of them, and
    `changed` is 0.
    """

    dry_run: bool
    count: int
    changed: int
    unchanged: int
    refused: int
    task_ids: list[UUID]
    reasons: dict[str, int]
    more: bool


class EventView(Struct, kw_only=True, omit_defaults=True):
    """One line of the activity log; the data of one server-sent event. `counts`: of tasks_summary, how many events of
    each name it stands for.
    """

    event: str
    level: str
    msg: str
    timestamp: datetime
    task_id: str | None = None
    worker_id: str | None = None
    counts: Mapping[str, int] | None = None


class HealthView(Struct):
    """It is well."""

    status: str = "ok"
