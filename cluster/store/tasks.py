"""Tasks as people see them: add them (in `enqueue`), read one by its id, list a page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import args_row, scalar_row, tuple_row

from cluster.core.errors import PayloadTooLarge
from cluster.core.task import State
from cluster.store.enqueue import Enqueued, enqueue
from cluster.store.pool import Connection
from cluster.store.statements import statement

__all__ = [
    "Enqueued",
    "Listed",
    "TaskFilter",
    "TaskRow",
    "enqueue",
    "get_task",
    "get_tasks",
    "list_parameters",
    "list_tasks",
    "place_after",
    "task_states",
    "tasks_beginning",
]

LOOKS = 500
"""Entries of each index that one page looks at to find what fits its filter."""
BYTES = 4 * 1024 * 1024
"""Payloads, results and errors that are read at once; a page ends with the task that reaches it."""
_TOO_MUCH = f"these tasks are larger than {BYTES // 1024**2} MiB together; ask for fewer of them at once"

Place = tuple[datetime, UUID]
"""scheduled_at and id."""

_FIRST_ID, _LAST_ID = UUID(int=0), UUID(int=2**128 - 1)
_BEFORE_ALL: Place = (datetime.min.replace(tzinfo=UTC), _FIRST_ID)
_AFTER_ALL: Place = (datetime.max.replace(tzinfo=UTC), _LAST_ID)


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
    """Which tasks to list; no states = all. `worker`: a worker's id, or its name for all lives of that name.

    `since`, `before`: bounds of scheduled_at, the first one included.
    """

    states: tuple[State, ...] = ()
    queue: str | None = None
    command: str | None = None
    worker: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    @property
    def filters(self) -> bool:
        """Whether tasks between its bounds may not fit."""
        return any((self.states, self.queue, self.command, self.worker))


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list. `following`: where the next one begins; None: nothing follows.

    It may have fewer tasks than asked for, or none, and yet be followed by others: that far was looked, or that much
    is read at once.
    """

    tasks: list[TaskRow]
    following: Place | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of task_list.sql."""

    task: TaskRow
    until: bool
    listed: bool
    found: int


async def get_task(connection: Connection, task_id: UUID) -> TaskRow | None:
    """One task, wherever it is in its life."""
    return next(iter(await get_tasks(connection, [task_id])), None)


async def get_tasks(connection: Connection, task_ids: Sequence[UUID]) -> list[TaskRow]:
    """Those of the tasks that are known, each once, in the order of the ids.

    One snapshot of both tables, so that none can be missed on its way into history. PayloadTooLarge: more than BYTES;
    one task never is.
    """
    known, found = await _some(connection, task_ids)
    if len(known) < found:
        raise PayloadTooLarge(_TOO_MUCH)
    return [known[task_id] for task_id in dict.fromkeys(task_ids) if task_id in known]


async def _some(connection: Connection, task_ids: Sequence[UUID]) -> tuple[dict[UUID, TaskRow], int]:
    """Those of the tasks whose ids come first, up to BYTES of them; how many are known."""
    async with connection.cursor(binary=True, row_factory=args_row(_weighed)) as cursor:
        await cursor.execute(statement("tasks_get"), {"ids": list(task_ids), "bytes": BYTES})
        rows = await cursor.fetchall()
    return {row.id: row for row, _ in rows}, rows[0][1] if rows else 0


async def tasks_beginning(connection: Connection, digits: str, limit: int) -> list[TaskRow]:
    """At most `limit` tasks, and BYTES, whose ids begin with these hexadecimal digits, in the order of their ids."""
    parameters = {"first": UUID(digits.ljust(32, "0")), "last": UUID(digits.ljust(32, "f")), "most": limit}
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("tasks_beginning"), parameters, prepare=False)
        known, _ = await _some(connection, await cursor.fetchall())
    return [known[task_id] for task_id in sorted(known)]


async def task_states(connection: Connection, task_ids: Sequence[UUID]) -> dict[UUID, State]:
    """Those of the tasks that are known, in no order."""
    async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        await cursor.execute(statement("task_states"), {"ids": list(task_ids)})
        return {task_id: State(state) for task_id, state, _, _ in await cursor.fetchall()}


async def list_tasks(
    connection: Connection, which: TaskFilter, limit: int, after: Place | None, *, newest: bool = False
) -> Listed:
    """At most `limit` tasks in the order of (scheduled_at, id), or the other way round, beginning behind `after`; fewer
    of them when they reach BYTES, at least one.

    A task that moves into history between two pages keeps its place; one that is tried again gets a later place.
    """
    parameters = list_parameters(which, limit, after, LOOKS, newest=newest)
    async with connection.cursor(binary=True, row_factory=args_row(_found)) as cursor:
        # Planned with its values: a filter that is absent then costs nothing, and one by state finds its own index.
        await cursor.execute(statement("task_list_newest" if newest else "task_list"), parameters, prepare=False)
        found = await cursor.fetchall()
    listed = [row.task for row in found if row.listed][:limit]
    if found and len(found) < found[0].found:
        return Listed(listed, (found[-1].task.scheduled_at, found[-1].task.id))
    places = [(row.task.scheduled_at, row.task.id, row.until, row.listed) for row in found]
    return Listed(listed, place_after(places, limit))


def place_after(found: Sequence[tuple[datetime, UUID, bool, bool]], limit: int) -> Place | None:
    """Where a list goes on after `limit` of the rows (scheduled_at, id, until, listed) that task_list.sql found."""
    fitting = [(scheduled_at, task_id) for scheduled_at, task_id, _, listed in found if listed]
    if len(fitting) > limit:
        return fitting[limit - 1]
    return next(((scheduled_at, task_id) for scheduled_at, task_id, until, _ in found if until), None)


def list_parameters(
    which: TaskFilter, limit: int, after: Place | None, looks: int, *, newest: bool = False, bounded: bool = True
) -> dict[str, object]:
    """What task_list.sql, or its mirror, is asked; one more than `limit` says whether there are more. `bounded`: up to
    BYTES.
    """
    first, last = _bounds(which)
    if after is not None:
        first, last = (first, min(last, after)) if newest else (max(first, after), last)
    most = limit + 1
    return {
        "states": [int(state) for state in which.states] or None,
        "queue": which.queue,
        "command": which.command,
        "worker": which.worker,
        "after_at": first[0],
        "after_id": first[1],
        "before_at": last[0],
        "before_id": last[1],
        "most": most,
        "looks": max(most, looks) if which.filters else most,
        "bytes": BYTES if bounded else None,
    }


def _bounds(which: TaskFilter) -> tuple[Place, Place]:
    """The places that a list lies between; neither belongs to it."""
    first = _BEFORE_ALL if which.since is None else (which.since - timedelta(microseconds=1), _LAST_ID)
    last = _AFTER_ALL if which.before is None else (which.before, _FIRST_ID)
    return first, last


def _row(task_id: UUID, state: int, *facts: Any) -> TaskRow:
    return TaskRow(task_id, State(state), *facts)


def _weighed(*facts: Any) -> tuple[TaskRow, int]:
    *task, found = facts
    return _row(*task), found


def _found(*facts: Any) -> _Found:
    *task, until, listed, found = facts
    return _Found(_row(*task), until, listed, found)
