"""What people do to tasks by hand: cancel them, or run them again. Many in one statement; each may be said twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import args_row, tuple_row

from cluster.core.task import State
from cluster.store.pool import Connection
from cluster.store.statements import statement
from cluster.store.tasks import TaskFilter, list_parameters, place_after

LOOKS = 10_000
"""Entries of each index that one statement looks at to find what is selected."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks: these, or, without ids, those that fit every filter that is given; `states` none = any. `since`,
    `before`: see TaskFilter.
    """

    task_ids: tuple[UUID, ...] = ()
    states: tuple[State, ...] = ()
    queue: str | None = None
    command: str | None = None
    worker: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a task. `was` and `now` are equal when nothing changed.

    `session_id`, `token`: the lease that the change ended. `held_by`: the live task that has its unique key, which is
    why it cannot run again.
    """

    id: UUID
    command: str
    was: State
    now: State
    session_id: int | None = None
    token: int | None = None
    worker_id: str | None = None
    held_by: UUID | None = None

    @property
    def changed(self) -> bool:
        return self.was is not self.now


class _Cancelled(NamedTuple):
    id: UUID
    state: int
    session_id: int | None
    lease_token: int | None
    worker_id: str | None
    command: str


class _Found(NamedTuple):
    id: UUID
    scheduled_at: datetime
    until: bool
    listed: bool


class _Revived(NamedTuple):
    id: UUID
    state: int
    command: str


async def select(connection: Connection, selection: Selection, limit: int) -> list[UUID]:
    """The ids of at most `limit` of the selected tasks, in the order given or of (scheduled_at, id)."""
    if selection.task_ids:
        return list(dict.fromkeys(selection.task_ids))[:limit]
    which = TaskFilter(
        selection.states, selection.queue, selection.command, selection.worker, selection.since, selection.before
    )
    selected, after = list[UUID](), None
    while (wanted := limit - len(selected)) > 0:
        parameters = list_parameters(which, wanted, after, LOOKS, bounded=False)
        async with connection.cursor(binary=True, row_factory=args_row(_Found)) as cursor:
            await cursor.execute(statement("task_select"), parameters, prepare=False)
            found = await cursor.fetchall()
        selected += [row.id for row in found if row.listed][:wanted]
        after = place_after([(row.scheduled_at, row.id, row.until, row.listed) for row in found], wanted)
        if after is None:
            break
    return selected


async def cancel(
    connection: Connection, task_ids: Sequence[UUID], reason: str = "cancelled by hand", states: Iterable[State] = ()
) -> list[Change]:
    """Call off tasks that have not ended, whatever they are doing; those in one of `states`, if any are given.

    One answer for each known task, in the order of the ids. What had ended before is answered as it is.
    """
    parameters = {"ids": sorted(task_ids), "states": _numbers(states), "reason": reason}
    async with connection.cursor(binary=True, row_factory=args_row(_Cancelled)) as cursor:
        await cursor.execute(statement("task_cancel"), parameters)
        gone = [_cancelled(row) async for row in cursor]
    return await _answers(connection, task_ids, gone, {})


async def retry(connection: Connection, task_ids: Sequence[UUID], states: Iterable[State] = ()) -> list[Change]:
    """Run tasks again that ended without success: ready at once, all their attempts before them; as `cancel` else."""
    parameters = {"ids": sorted(task_ids), "states": _numbers(states)}
    async with connection.cursor(binary=True, row_factory=args_row(_Revived)) as cursor:
        await cursor.execute(statement("task_retry"), parameters)
        again = [Change(row.id, row.command, State(row.state), State.READY) async for row in cursor]
    return await _answers(connection, task_ids, again, await _key_owners(connection, task_ids, again))


async def _answers(
    connection: Connection, task_ids: Sequence[UUID], changes: Sequence[Change], owners: dict[UUID, UUID]
) -> list[Change]:
    answers = {change.id: change for change in changes}
    others = [task_id for task_id in dict.fromkeys(task_ids) if task_id not in answers]
    if others:
        async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
            await cursor.execute(statement("task_states"), {"ids": others})
            async for task_id, state, command, worker_id in cursor:
                was, held_by = State(state), owners.get(task_id)
                answers[task_id] = Change(task_id, command, was, was, worker_id=worker_id, held_by=held_by)
    return [answers[task_id] for task_id in dict.fromkeys(task_ids) if task_id in answers]


def _cancelled(row: _Cancelled) -> Change:
    was = State(row.state)
    return Change(row.id, row.command, was, State.CANCELLED, row.session_id, row.lease_token, row.worker_id)


async def _key_owners(connection: Connection, task_ids: Sequence[UUID], again: Sequence[Change]) -> dict[UUID, UUID]:
    """Which live tasks hold the unique keys of those that did not come back."""
    left = sorted({*task_ids} - {change.id for change in again})
    if not left:
        return {}
    async with connection.cursor(binary=True, row_factory=args_row(lambda ended, live: (ended, live))) as cursor:
        await cursor.execute(statement("unique_key_owners"), {"ids": left})
        return dict(await cursor.fetchall())


def _numbers(states: Iterable[State]) -> list[int] | None:
    return sorted(int(state) for state in states) or None
