"""Enqueue until it is known how it ended.

A connection that breaks between COMMIT and its answer leaves two bad choices: to say 503 for tasks that run, or to add
them again. The ids decide: the same tasks are enqueued once more over another connection, as tasks that may be known
already, and whoever was first has added them. A server that answered with an error has done nothing, and a connection
that was never had has sent nothing: that is known, and not repeated.
"""

import asyncio
import random
import time
from collections.abc import Sequence

from msgspec.structs import replace

from cluster.core.errors import OutcomeUnknown, StoreUnavailable
from cluster.core.new_task import NewTask
from cluster.core.retry import Backoff
from cluster.store.enqueue import Enqueued, enqueue
from cluster.store.pool import Connection, Pool, connected

RESOLVE = 3.0
"""Seconds in which another try may begin."""
_PAUSES = Backoff(first=0.05, cap=0.5, jitter=0.5)


async def enqueue_for_certain(
    pool: Pool, tasks: Sequence[NewTask], *, within: float | None = None, lock_within: float | None = None
) -> list[Enqueued]:
    """As `enqueue`, on a connection of `pool` that is waited for at most `within` seconds.

    Raises TooBusy as `enqueue`, StoreUnavailable when nothing was enqueued, OutcomeUnknown when PostgreSQL stayed away
    after the connection had broken, StoreRejected when it would be refused again.
    """
    connection: Connection | None = None
    try:
        async with connected(pool, within) as connection:
            return await enqueue(connection, tasks, lock_within=lock_within)
    except StoreUnavailable as error:
        if connection is None or not connection.closed:
            raise
        return await _resolve(pool, tasks, error)


def advice(tasks: Sequence[NewTask]) -> str:
    """What to tell whoever wanted these tasks enqueued when it stays unknown whether they were."""
    lost = "the connection to PostgreSQL broke before it answered"
    if len(tasks) == 1:
        return (
            f"{lost}: it is not known whether the task was enqueued; "
            f"send it again with task_id {tasks[0].id}, so that it is enqueued once"
        )
    return (
        f"{lost}: it is not known whether these {len(tasks)} tasks were enqueued, all or none; "
        f"if a task with the id {tasks[0].id} is known in a moment, all were"
    )


async def _resolve(pool: Pool, tasks: Sequence[NewTask], error: StoreUnavailable) -> list[Enqueued]:
    deadline = time.monotonic() + RESOLVE
    tries = 0
    again = [replace(task, id_given=True) for task in tasks]
    while (left := deadline - time.monotonic()) > 0:
        try:
            async with connected(pool, within=left) as connection:
                enqueued = await enqueue(connection, again)
            return [_ours(task, found) for task, found in zip(tasks, enqueued, strict=True)]
        except StoreUnavailable:
            tries += 1
            await asyncio.sleep(_PAUSES.delay(tries, random.random()))  # noqa: S311 - it spreads tries
    raise OutcomeUnknown(advice(tasks)) from error


def _ours(task: NewTask, found: Enqueued) -> Enqueued:
    """Nobody else knew an id that we made: what has it was created by our first try."""
    return found if task.id_given or found.id != task.id else replace(found, created=True)
