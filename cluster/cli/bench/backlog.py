"""Tasks that wait for the workers: laid in at once, or kept coming; and looking on until they are done."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cluster.cli.bench.launcher import Cluster
from cluster.cli.bench.scenario import Told
from cluster.cli.bench.server import Database
from cluster.core.errors import CannotStart, TaskFailed
from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.store.bench import Look, look
from cluster.store.enqueue import enqueue
from cluster.store.pool import Connection, connected

AT_ONCE = 1_000
"""Tasks in one INSERT."""
PATIENCE = 30.0
"""Seconds without a finished task after which the bench gives up."""
SELDOM, OFTEN = 0.1, 0.003
"""Seconds between two looks: while there is much to do; when it is nearly done, so that the end is seen at once."""

Looked = Callable[[Look], None]


@asynccontextmanager
async def held_back(database: Database, tasks: int, command: str, told: Told) -> AsyncIterator[Look]:
    """`tasks` tasks that nobody sees until the block ends and they are committed, all at once.

    So the cluster is up and warm, and none of them is begun, when the meters are read inside the block. Gives the look
    before them.
    """
    async with connected(database.pool) as connection:
        before = await look(connection)
        async with connection.transaction():
            for first in range(0, tasks, AT_ONCE):
                await add(connection, min(AT_ONCE, tasks - first), command)
                told(first)
            yield before


async def add(connection: Connection, tasks: int, command: str = "noop") -> None:
    """Enqueue `tasks` tasks in one statement."""
    await enqueue(connection, [NewTask(new_id(), command) for _ in range(tasks)])


async def until_finished(database: Database, running: Cluster, goal: int, looked: Looked) -> Look:
    """Look on until `goal` tasks have finished; the first look that saw them all committed.

    Raises TaskFailed when one did not end well, and CannotStart when a process ended or nothing moves any more.
    """
    last: Look | None = None
    moved = time.monotonic()
    while True:
        async with connected(database.pool) as connection:
            seen = await look(connection)
        looked(seen)
        if seen.failed:
            raise TaskFailed(f"{seen.failed} tasks of the bench did not end well")
        if seen.finished >= goal:
            return seen
        running.check()
        if last is None or seen.finished > last.finished:
            moved = time.monotonic()
        elif time.monotonic() - moved > PATIENCE:
            raise CannotStart(f"the bench stands still at {seen.finished} of {goal} tasks")
        await asyncio.sleep(_pause(last, seen, goal))
        last = seen


def _pause(last: Look | None, seen: Look, goal: int) -> float:
    """Half of what is left, as it went since the last look."""
    if last is None or seen.finished == last.finished:
        return OFTEN if last is None else SELDOM / 4
    rate = (seen.finished - last.finished) / (seen.now - last.now)
    return min(SELDOM, max(OFTEN, (goal - seen.finished) / rate / 2))


async def kept_full(database: Database, running: Cluster, seconds: float, backlog: int, told: Told) -> None:
    """For so many seconds, add tasks whenever fewer than `backlog` wait."""
    began = time.monotonic()
    async with connected(database.pool) as connection:
        while (gone := time.monotonic() - began) < seconds:
            running.check()
            told(gone)
            seen = await look(connection)
            if seen.waiting >= backlog:
                await asyncio.sleep(OFTEN)
            for _ in range(seen.waiting, backlog, AT_ONCE):
                await add(connection, AT_ONCE)
