"""Queues: a label of tasks that can be paused. While it is, its tasks wait, and what runs goes on.

How a pause keeps claims as cheap as they were. A row in `paused_queues` is all that a pause is. Whatever makes tasks
ready looks there, once a statement, and makes those of a paused queue `paused` instead: a state of its own, which no
index of a claim has. What was ready before is put aside by the leader, who walks once along the claims' own index, in
steps and faster than claims do (`put_aside`). Until he is through, and for what was enqueued by a transaction that did
not see the pause, every claim looks there, too, and leaves those queues alone: a handful of names, usually none. The
other way round the leader makes ready again what is paused in queues that are not (`bring_back`), as often as he looks,
so that nothing stays behind that saw a pause at its end.

A filter in the claim alone would be simpler, and every claim would walk over all that waits in the paused queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import args_row, scalar_row

from cluster.core.task import State
from cluster.store.pool import Connection
from cluster.store.statements import statement

LOOKS = 10_000
"""Tasks of each state that are looked at to find the queues there are."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue and its unfinished tasks by state.

    Only the first LOOKS tasks of each state are looked at. `partial`: there are more, perhaps of this queue, too.
    """

    queue: str
    paused_at: datetime | None
    tasks: dict[State, int]
    partial: bool


class Paused(NamedTuple):
    queue: str
    paused_at: datetime


class Pause(NamedTuple):
    """`changed`: it was not paused before."""

    paused_at: datetime
    changed: bool


class Walk(NamedTuple):
    """How far the leader has got along the ready tasks: the place of the last one, in the order of claims."""

    priority: int
    after_at: datetime
    after_id: UUID


class Step(NamedTuple):
    """`aside`: tasks put aside. `onward`: None at the end; where it was if somebody else leads."""

    aside: int
    onward: Walk | None


class _Looked(NamedTuple):
    led: bool
    aside: int
    looked: int
    priority: int | None
    last_at: datetime | None
    last_id: UUID | None


class _Some(NamedTuple):
    queue: str
    state: int
    tasks: int


BEGINNING = Walk(101, datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def pause(connection: Connection, queue: str) -> Pause:
    """No claim that begins after its COMMIT takes a task of this queue. Twice does no harm."""
    async with connection.cursor(binary=True, row_factory=args_row(Pause)) as cursor:
        await cursor.execute(statement("queue_pause"), {"queue": queue})
        [row] = await cursor.fetchall()
        return row


async def resume(connection: Connection, queue: str) -> bool:
    """Whether it was paused. Its tasks are ready again once the leader has seen to it."""
    cursor = await connection.execute(statement("queue_resume"), {"queue": queue})
    return cursor.rowcount == 1


async def paused(connection: Connection) -> list[Paused]:
    """The queues that are paused, by name."""
    async with connection.cursor(binary=True, row_factory=args_row(Paused)) as cursor:
        await cursor.execute(statement("queue_paused"))
        return await cursor.fetchall()


async def put_aside(connection: Connection, epoch: int, walk: Walk, looks: int) -> Step:
    """Put the tasks of paused queues aside that are among the next `looks` ready ones, if `epoch` leads."""
    parameters = {"epoch": epoch, "looks": looks, **walk._asdict()}
    async with connection.cursor(binary=True, row_factory=args_row(_Looked)) as cursor:
        await cursor.execute(statement("queue_put_aside"), parameters)
        [row] = await cursor.fetchall()
    if not row.led:
        return Step(0, walk)
    if row.looked < looks or row.priority is None or row.last_at is None or row.last_id is None:
        return Step(row.aside, None)
    return Step(row.aside, Walk(row.priority, row.last_at, row.last_id))


async def bring_back(connection: Connection, epoch: int, most: int) -> int:
    """Make at most `most` tasks ready that are aside though their queue is not paused; how many, if `epoch` leads."""
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("queue_bring_back"), {"epoch": epoch, "most": most})
        return len(await cursor.fetchall())


async def queues(connection: Connection, looks: int = LOOKS) -> list[QueueRow]:
    """The queues that are paused or have tasks, by name; see QueueRow for what that is worth."""
    stopped = {row.queue: row.paused_at for row in await paused(connection)}
    async with connection.cursor(binary=True, row_factory=args_row(_Some)) as cursor:
        await cursor.execute(statement("queue_look"), {"looks": looks})
        found = await cursor.fetchall()
    partial = _partial(found, looks)
    tasks: dict[str, dict[State, int]] = {queue: {} for queue in stopped}
    for row in found:
        tasks.setdefault(row.queue, {})
        if row.state != State.COMPLETE:
            tasks[row.queue][State(row.state)] = row.tasks
    return [QueueRow(queue, stopped.get(queue), tasks[queue], partial) for queue in sorted(tasks)]


def _partial(found: Sequence[_Some], looks: int) -> bool:
    """Whether a look was as long as it may be: then there is more than was seen."""
    looked: dict[tuple[State, ...], int] = {}
    for row in found:
        kind = next(kind for kind in _LOOKED_TOGETHER if row.state in kind)
        looked[kind] = looked.get(kind, 0) + row.tasks
    return any(count >= looks for kind, count in looked.items() if State.COMPLETE not in kind)


_LOOKED_TOGETHER = (
    (State.SCHEDULED,),
    (State.READY,),
    (State.LEASED, State.RUNNING),
    (State.PARKED, State.PAUSED),
    (State.ISOLATED,),
    (State.COMPLETE,),
)
