"""What is answered, as the types that OpenAPI is made from. Instants are ISO 8601 in UTC, null until they happen."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from cluster.core.task import Status, status_of
from cluster.store.counters import Totals
from cluster.store.sessions import SessionRow
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
    what the handler says. `progress`: 0 to 1, while it runs and says so. `attempts`: how earlier attempts ended, oldest
    first, at most 50; null in a list of tasks.
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
            progress=None if row.progress is None else round(row.progress, 4),
            progress_message=row.progress_message,
            error=row.error,
            result=_NULL if row.result is None else Raw(row.result),
            attempts=attempts,
        )


class TasksView(Struct):
    """The tasks that are known, in the order of the request."""

    tasks: list[TaskView]


class PageView(Struct):
    """Some tasks; `next_cursor` asks for the next ones, null on the last page."""

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
    """What became of many tasks. `task_ids`: those that changed, at most 1,000 of them. `refused`: how many of the
    unchanged ones are not as it was wanted; `reasons`: why tasks are unchanged, and how many for each reason. `more`:
    more tasks fit than the limit allows.
    """

    changed: int
    unchanged: int
    refused: int
    task_ids: list[UUID]
    reasons: dict[str, int]
    more: bool


class WorkerView(Struct, kw_only=True):
    """One live worker. `running`: tasks it holds, of which `current_task_ids` names up to 50, running ones first."""

    worker_id: str
    name: str
    address: str
    status: str
    slots: int
    running: int
    current_task_ids: list[UUID]
    tasks_completed: int
    tasks_failed: int
    started_at: datetime
    last_heartbeat: datetime
    commands: list[str]
    coordinator: str
    rss_bytes: int
    loop_lag_seconds: float

    @classmethod
    def of(cls, row: SessionRow) -> "WorkerView":
        """The session as people see it; one that is not draining is online, for ended ones are not shown."""
        return cls(
            worker_id=row.worker_id,
            name=row.name,
            address=row.address,
            status="draining" if row.draining else "online",
            slots=row.slots,
            running=row.running,
            current_task_ids=list(row.current_task_ids),
            tasks_completed=row.completed,
            tasks_failed=row.failed,
            started_at=row.started_at,
            last_heartbeat=row.last_heartbeat,
            commands=list(row.handlers),
            coordinator=row.coordinator,
            rss_bytes=row.rss_bytes,
            loop_lag_seconds=row.loop_lag,
        )


class StatsView(Struct, kw_only=True):
    """The numbers of the cluster. `pending` waits, `running` runs; `throughput`: finished per second over 10 s.

    What befell tasks since the beginning: `retried` (tried again, also by hand), `rescued` (brought back from a lost
    worker), `stale` (outcomes that came too late and were refused), `quarantined` (crashed their workers; failed, too).
    """

    total: int
    pending: int
    running: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    rescued: int
    stale: int
    quarantined: int
    throughput: float
    slots: int
    workers: list[WorkerView]

    @classmethod
    def of(cls, totals: Totals, workers: list[WorkerView]) -> "StatsView":
        """`total` is every task there ever was."""
        counted = (totals.pending, totals.running, totals.completed, totals.failed, totals.cancelled)
        return cls(
            total=sum(counted),
            pending=totals.pending,
            running=totals.running,
            completed=totals.completed,
            failed=totals.failed,
            cancelled=totals.cancelled,
            retried=totals.retried,
            rescued=totals.rescued,
            stale=totals.stale,
            quarantined=totals.quarantined,
            throughput=totals.throughput,
            slots=sum(worker.slots for worker in workers),
            workers=workers,
        )


class ScaleView(Struct):
    """The order is written; the supervisor takes it from there."""

    order_id: int
    count: int


class KillView(Struct):
    """The order is written; the supervisor takes it from there."""

    order_id: int
    name: str


class EventView(Struct, kw_only=True, omit_defaults=True):
    """One line of the activity log; the data of one server-sent event."""

    event: str
    level: str
    msg: str
    timestamp: datetime
    task_id: str | None = None
    worker_id: str | None = None


class HealthView(Struct):
    """It is well."""

    status: str = "ok"
