"""Adding tasks, idempotently.

A task whose id the caller chose may be known already, even finished; a `unique_key` belongs to one unfinished task at a
time. Who enqueues either again gets the first task. Without ids and keys of the caller's one statement does it all.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import errors
from psycopg.rows import args_row

from cluster.core.errors import StoreUnavailable
from cluster.core.new_task import NewTask
from cluster.core.task import State
from cluster.store.pool import Connection
from cluster.store.statements import statement

_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Enqueued:
    """`created`: by this call; else it is the task that was there first. `ready`: it may run at once."""

    id: UUID
    command: str
    scheduled_at: datetime
    created: bool
    ready: bool


class _Added(NamedTuple):
    id: UUID
    scheduled_at: datetime
    state: int


class _Known(NamedTuple):
    id: UUID
    unique_key: str | None
    command: str
    scheduled_at: datetime
    state: int
    finished: bool


async def enqueue(connection: Connection, tasks: Sequence[NewTask]) -> list[Enqueued]:
    """Add tasks, all or none, acknowledged by COMMIT; one answer per task in the order given."""
    if not any(task.id_given or task.unique_key is not None for task in tasks):
        # An id of ours that is known already: the caller repeats a call whose answer was lost.
        with suppress(errors.UniqueViolation):
            added = await _add(connection, "enqueue", tasks)
            return [_created(task, added[task.id]) for task in tasks]
    async with connection.transaction():
        return await _resolve(connection, tasks)


async def _resolve(connection: Connection, tasks: Sequence[NewTask]) -> list[Enqueued]:
    answers: dict[int, Enqueued] = {}
    # Another round only if the owner of a unique key finished between our INSERT and our look at it.
    for _ in range(_ROUNDS):
        open_ = [(index, task) for index, task in enumerate(tasks) if index not in answers]
        if not open_:
            if not all(answer.created for answer in answers.values()):
                await connection.execute(statement("enqueue_witness"))
            return [answers[index] for index in range(len(tasks))]
        added = await _add(connection, "enqueue_once", [task for _, task in open_])
        known = await _known(connection, [task for _, task in open_], added)
        for index, task in open_:
            # pop: of two tasks with the same id only the first was created.
            if row := added.pop(task.id, None):
                answers[index] = _created(task, row)
            elif first := known.get(task.id) or known.get(task.unique_key):
                answers[index] = _found(first)
    raise StoreUnavailable(
        "the tasks that hold these unique keys come and go too fast; nothing was enqueued, try again"
    )


async def _add(connection: Connection, name: str, tasks: Sequence[NewTask]) -> dict[UUID, _Added]:
    # In one order everywhere, so that two calls which share keys wait for each other instead of deadlocking.
    ordered = sorted(tasks, key=lambda task: (task.unique_key or "", task.id))
    async with connection.cursor(binary=True, row_factory=args_row(_Added)) as cursor:
        await cursor.execute(statement(name), _columns(ordered))
        return {row.id: row async for row in cursor}


async def _known(
    connection: Connection, tasks: Sequence[NewTask], added: dict[UUID, _Added]
) -> dict[UUID | str | None, _Known]:
    """The tasks that were there first, by id and by unique key. What we added although it had finished is removed."""
    # A statement of its own, for its newer snapshot: a given id may have moved to history while our INSERT ran, and
    # then nothing kept us from adding it a second time.
    parameters = {
        "ids": [task.id for task in tasks if task.id_given or task.id not in added],
        "unique_keys": [task.unique_key for task in tasks if task.unique_key is not None and task.id not in added],
    }
    async with connection.cursor(binary=True, row_factory=args_row(_Known)) as cursor:
        await cursor.execute(statement("enqueue_known"), parameters)
        rows = await cursor.fetchall()
    again = [row.id for row in rows if row.finished and row.id in added]
    if again:
        await connection.execute(statement("enqueue_undo"), {"ids": again})
        for task_id in again:
            del added[task_id]
    # A key that only such a one had is free: whoever waits for it gets it in the next round.
    live = [row for row in rows if not row.finished and row.id not in again]
    known: dict[UUID | str | None, _Known] = {row.unique_key: row for row in live if row.unique_key is not None}
    known.update((row.id, row) for row in sorted(rows, key=lambda row: row.finished))
    return known


def _columns(tasks: Sequence[NewTask]) -> dict[str, list[object]]:
    return {
        "ids": [task.id for task in tasks],
        "commands": [task.command for task in tasks],
        "payloads": [None if task.payload is None else task.payload.decode() for task in tasks],
        "queues": [task.queue for task in tasks],
        "priorities": [task.priority for task in tasks],
        "max_attempts": [task.max_attempts for task in tasks],
        "timeouts": [task.timeout_ms for task in tasks],
        "unique_keys": [task.unique_key for task in tasks],
        "due": [task.due for task in tasks],
        "delays": [float(task.delay) for task in tasks],
    }


def _created(task: NewTask, row: _Added) -> Enqueued:
    return Enqueued(task.id, task.command, row.scheduled_at, created=True, ready=row.state == State.READY)


def _found(row: _Known) -> Enqueued:
    return Enqueued(row.id, row.command, row.scheduled_at, created=False, ready=row.state == State.READY)
