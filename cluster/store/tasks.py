"""Tasks as people see them: add them (in `enqueue`), read one by its id, list a page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import args_row

from cluster.core.task import State
from cluster.store.enqueue import Enqueued, enqueue
from cluster.store.pool import Connection
from cluster.store.statements import statement

__all__ = ["Enqueued", "TaskFilter", "TaskRow", "enqueue", "get_task", "get_tasks", "list_parameters", "list_tasks"]

_BEFORE_ALL = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task, unfinished or finished. `payload`, `result`: JSON in UTF-8. Times are null until they happen.

    `progress`: 0 to 1, while it runs and says so. `attempts`: how earlier attempts ended, a JSON array in UTF-8 (see
    sql/README.md); null in a list of tasks, where it could be large.
    """

    id: UUID
    state: State
    queue: str
    command: str
    payload: bytes | None
    priority: int
    scheduled_at: datetime
    created_at: datetime
    picked_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    max_attempts: int | None
    timeout_ms: int | None
    crash_count: int
    worker_id: str | None
    unique_key: str | None
    error: str | None
    result: bytes | None
    progress: float | None
    progress_message: str | None
    attempts: bytes | None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks to list; no states = all. `worker`: a worker's id, or its name for all lives of that name."""

    states: tuple[State, ...] = ()
    queue: str | None = None
    command: str | None = None
    worker: str | None = None


async def get_task(connection: Connection, task_id: UUID) -> TaskRow | None:
    """One task, wherever it is in its life."""
    return next(iter(await get_tasks(connection, [task_id])), None)


async def get_tasks(connection: Connection, task_ids: Sequence[UUID]) -> list[TaskRow]:
    """Those of the tasks that are known, in the order of the ids.

    One snapshot of both tables, so that none can be missed on its way into history.
    """
    async with connection.cursor(binary=True, row_factory=args_row(_row)) as cursor:
        await cursor.execute(statement("tasks_get"), {"ids": list(task_ids)})
        known = {row.id: row async for row in cursor}
    return [known[task_id] for task_id in task_ids if task_id in known]


async def list_tasks(
    connection: Connection, which: TaskFilter, limit: int, after: tuple[datetime, UUID] | None
) -> list[TaskRow]:
    """At most `limit` tasks in the order of (scheduled_at, id), beginning behind `after`.

    A task that moves into history between two pages keeps its place; one that is tried again gets a later place.
    """
    parameters = list_parameters(which, limit, after)
    async with connection.cursor(binary=True, row_factory=args_row(_row)) as cursor:
        # Planned with its values: a filter that is absent then costs nothing, and one by state finds its own index.
        await cursor.execute(statement("task_list"), parameters, prepare=False)
        return await cursor.fetchall()


def list_parameters(which: TaskFilter, limit: int, after: tuple[datetime, UUID] | None) -> dict[str, object]:
    """What task_list.sql is asked."""
    after_at, after_id = after or _BEFORE_ALL
    return {
        "states": [int(state) for state in which.states] or None,
        "queue": which.queue,
        "command": which.command,
        "worker": which.worker,
        "after_at": after_at,
        "after_id": after_id,
        "most": limit,
    }


def _row(task_id: UUID, state: int, *facts: Any) -> TaskRow:
    return TaskRow(task_id, State(state), *facts)
