"""Adding tasks, idempotently.

A task whose id the caller chose may be known already, even finished; a `unique_key` belongs to one unfinished task at a
time. Who enqueues either again gets the first task. Without ids and keys of the caller's one statement does it all.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from msgspec import Struct
from psycopg import errors
from psycopg.rows import args_row, tuple_row

from cluster.core.errors import TooBusy
from cluster.core.new_task import NewTask
from cluster.core.task import State
from cluster.store import arrays
from cluster.store.pool import Connection
from cluster.store.statements import statement

T = TypeVar("T")

_ROUNDS = 10
_MICROSECOND = timedelta(microseconds=1)


class Enqueued(Struct, frozen=True, gc=False):
    """`created`: by this call; else it is the task that was there first. `ready`: it may run at once."""

    id: UUID
    command: str
    scheduled_at: datetime
    created: bool
    ready: bool


class _Known(NamedTuple):
    id: UUID
    unique_key: str | None
    command: str
    scheduled_at: datetime
    state: int
    finished: bool


async def enqueue(
    connection: Connection, tasks: Sequence[NewTask], *, lock_within: float | None = None
) -> list[Enqueued]:
    """Add tasks, all or none, acknowledged by COMMIT; one answer per task in the order given.

    `lock_within`: seconds that whoever enqueues or finishes the same tasks may keep us waiting. Raises TooBusy after
    that, or when the owners of unique keys change all the time; then nothing was added.
    """
    if not tasks:
        return []
    if not any(task.id_given or task.unique_key is not None for task in tasks):
        # An id of ours that is known already: the caller repeats a call whose answer was lost.
        with suppress(errors.UniqueViolation):
            [(now,)] = await _added(connection, "enqueue", tasks)
            return [_created(task, now) for task in tasks]
    try:
        async with connection.transaction():
            if lock_within is not None:
                await connection.execute(statement("enqueue_patience"), {"milliseconds": round(lock_within * 1000)})
            return await _resolve(connection, tasks)
    except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
        raise TooBusy("others have these tasks in hand and do not let go; nothing was enqueued, try again") from error


async def _resolve(connection: Connection, tasks: Sequence[NewTask]) -> list[Enqueued]:
    answers: dict[int, Enqueued] = {}
    # Another round only if the owner of a unique key finished between our INSERT and our look at it.
    for _ in range(_ROUNDS):
        open_ = [(index, task) for index, task in enumerate(tasks) if index not in answers]
        if not open_:
            if not all(answer.created for answer in answers.values()):
                await connection.execute(statement("enqueue_witness"))
            return [answers[index] for index in range(len(tasks))]
        now, added = await _add(connection, [task for _, task in open_])
        known = await _known(connection, [task for _, task in open_], added)
        for index, task in open_:
            if task.id in added:
                # Of two tasks with the same id only the first was created.
                added.remove(task.id)
                answers[index] = _created(task, now)
            elif first := known.get(task.id) or known.get(task.unique_key):
                answers[index] = _found(first)
    raise TooBusy("the tasks that hold these unique keys come and go too fast; nothing was enqueued, try again")


async def _add(connection: Connection, tasks: Sequence[NewTask]) -> tuple[datetime, set[UUID]]:
    # In one order everywhere, so that two calls which share keys wait for each other instead of deadlocking.
    ordered = sorted(tasks, key=lambda task: (task.unique_key or "", task.id.int))
    [(now, ids)] = await _added(connection, "enqueue_once", ordered)
    return now, {task.id for task in tasks} if ids is None else set(ids)


async def _added(connection: Connection, name: str, tasks: Sequence[NewTask]) -> list[tuple[Any, ...]]:
    # tuple_row: the connection may be somebody else's.
    async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        await cursor.execute(statement(name), _columns(tasks))
        return await cursor.fetchall()


async def _known(connection: Connection, tasks: Sequence[NewTask], added: set[UUID]) -> dict[UUID | str | None, _Known]:
    """The tasks that were there first, by id and by unique key. What we added although it had finished is removed."""
    kept_out = _kept_out(tasks, added)
    # A statement of its own, for its newer snapshot: a given id may have moved to history while our INSERT ran, and
    # then nothing kept us from adding it a second time.
    parameters = {
        "ids": arrays.uuids([task.id.bytes for task in tasks if task.id_given or task.id not in added]),
        "kept_out": arrays.uuids([task.id.bytes for task in kept_out]),
        "unique_keys": arrays.texts([task.unique_key for task in kept_out if task.unique_key is not None]),
    }
    async with connection.cursor(binary=True, row_factory=args_row(_Known)) as cursor:
        await cursor.execute(statement("enqueue_known"), parameters)
        rows = await cursor.fetchall()
    again = {row.id for row in rows if row.finished} & added
    if again:
        undone = arrays.uuids([task_id.bytes for task_id in again])
        await connection.execute(statement("enqueue_undo"), {"ids": undone})
        added -= again
    # A key that only such a one had is free: whoever waits for it gets it in the next round.
    live = [row for row in rows if not row.finished and row.id not in again]
    known: dict[UUID | str | None, _Known] = {row.unique_key: row for row in live if row.unique_key is not None}
    known.update((row.id, row) for row in sorted(rows, key=lambda row: row.finished))
    return known


def _kept_out(tasks: Sequence[NewTask], added: set[UUID]) -> list[NewTask]:
    """Those that were not added, because of another one: also of one before them that has the same id."""
    if len(added) == len(tasks):
        return []
    open_ = set(added)
    kept_out = []
    for task in tasks:
        if task.id in open_:
            open_.remove(task.id)
        else:
            kept_out.append(task)
    return kept_out


def _columns(tasks: Sequence[NewTask]) -> dict[str, object]:
    return {
        "ids": arrays.uuids([task.id.bytes for task in tasks]),
        "commands": arrays.texts(_column(task.command for task in tasks)),
        "payloads": arrays.texts(_column(task.payload for task in tasks)),
        "queues": arrays.texts(_column(task.queue for task in tasks)),
        "priorities": arrays.smallints(_column(task.priority for task in tasks)),
        "max_attempts": arrays.smallints(_column(task.max_attempts for task in tasks)),
        "timeouts": arrays.bigints(_column(task.timeout_ms for task in tasks)),
        "unique_keys": arrays.texts(_keys(tasks)),
        "due": arrays.instants(_column(task.due for task in tasks)),
        "delays": arrays.bigints(_column(_microseconds(task) for task in tasks)),
    }


def _column(entries: Iterable[T]) -> Sequence[T]:
    """One entry if it holds for all: what a batch has in common is sent, and read, once."""
    column = list(entries)
    return column[:1] if column.count(column[0]) == len(column) else column


def _keys(tasks: Sequence[NewTask]) -> list[str | None]:
    keys = [task.unique_key for task in tasks]
    return keys if any(keys) else []


def _microseconds(task: NewTask) -> int:
    # Whole ones, so that PostgreSQL and we come to the same time.
    return round(task.delay * 1_000_000)


def _created(task: NewTask, now: datetime) -> Enqueued:
    if task.due is None and not task.delay:
        return Enqueued(task.id, task.command, now, created=True, ready=True)
    due = task.due or now + _microseconds(task) * _MICROSECOND
    return Enqueued(task.id, task.command, due, created=True, ready=due <= now)


def _found(row: _Known) -> Enqueued:
    return Enqueued(row.id, row.command, row.scheduled_at, created=False, ready=row.state == State.READY)
