"""What is answered about workers, and the numbers of the cluster; as the types that OpenAPI is made from."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from cluster.core.task import State
from cluster.store.counters import Totals
from cluster.store.sessions import SessionRow


class CurrentView(Struct):
    """A task that a worker holds. `state`: running, or leased: it waits there for a free slot."""

    task_id: UUID
    command: str
    state: str
    started_at: datetime | None


class WorkerView(Struct, kw_only=True):
    """One live worker. `running`: tasks it holds, of which `tasks` has up to 50, running ones first, and
    `current_task_ids` their ids. `rate`: tasks it finished per second of late.
    """

    worker_id: str
    name: str
    address: str
    status: str
    slots: int
    running: int
    current_task_ids: list[UUID]
    tasks: list[CurrentView]
    tasks_completed: int
    tasks_failed: int
    rate: float
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
            tasks=_current(row),
            tasks_completed=row.completed,
            tasks_failed=row.failed,
            rate=round(row.rate, 1),
            started_at=row.started_at,
            last_heartbeat=row.last_heartbeat,
            commands=list(row.handlers),
            coordinator=row.coordinator,
            rss_bytes=row.rss_bytes,
            loop_lag_seconds=row.loop_lag,
        )


def _current(row: SessionRow) -> list[CurrentView]:
    columns = zip(row.current_task_ids, row.current_commands, row.current_states, row.current_started, strict=True)
    return [CurrentView(task_id, command, State(state).name.lower(), at) for task_id, command, state, at in columns]


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


class DrainView(Struct):
    """The order is written; the supervisor takes it from there."""

    order_id: int
    name: str
