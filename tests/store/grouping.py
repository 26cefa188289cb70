"""A group commit that is watched: who hears of its tasks, and where its groups pass."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from cluster.core.new_task import NewTask
from cluster.store import group_commit
from cluster.store.certainty import enqueue_for_certain
from cluster.store.enqueue import Enqueued
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Connection, Pool


class Hall:
    """Where announcements are heard. State: who is expected, what was created."""

    def __init__(self) -> None:
        self.expected: set[str] = set()
        self.created: list[UUID] = []

    def expect(self, task_ids: Sequence[str]) -> None:
        self.expected |= set(task_ids)

    def scheduled(self, task_ids: Sequence[str], created: Sequence[Enqueued]) -> None:
        assert {str(task.id) for task in created} <= self.expected
        self.expected -= set(task_ids)
        self.created += [task.id for task in created]


class Doorway:
    """Every group passes here. State: how many tasks each had, and whether they may go on."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, pool: Pool, tasks: Sequence[NewTask], **bounds: float) -> list[Enqueued]:
        self.groups.append(len(tasks))
        await self.open.wait()
        return await enqueue_for_certain(pool, tasks, **bounds)


def in_the_way(monkeypatch: pytest.MonkeyPatch) -> Doorway:
    doorway = Doorway()
    monkeypatch.setattr(group_commit, "enqueue_for_certain", doorway)
    return doorway


@asynccontextmanager
async def serving(pool: Pool, hall: Hall, doorway: Doorway) -> AsyncIterator[GroupCommit]:
    """A group commit that has begun, and is stopped when the test ends."""
    group = GroupCommit(pool, hall)
    await group.start()
    yield group
    doorway.open.set()
    await group.stop()
    assert hall.expected == set(), "whoever was told to expect a task is told how it ended"


async def together(group: GroupCommit, requests: Sequence[list[NewTask]]) -> list[list[Enqueued] | BaseException]:
    """What each of these requests gets; they are made at one moment, so they share a group."""
    return await asyncio.gather(*map(group.enqueue, requests), return_exceptions=True)


async def known(conn: Connection) -> set[UUID]:
    cursor = await conn.execute("SELECT id FROM tasks")
    return {UUID(str(task_id)) for (task_id,) in await cursor.fetchall()}
