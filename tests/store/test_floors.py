"""Floors: claims go on where those before them ended, and what becomes ready behind them is found."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cluster.store import floors as module
from cluster.store import tasks
from cluster.store.floors import Floor, Floors, claim_onward
from cluster.store.leases import LeasedTask, Slots, release
from cluster.store.pool import Connection
from tests.store.made import finish, held, new
from tests.store.slow_claims import FIRST, KEY, LONG_AGO, begun


def floors_of(floors: Floors) -> Mapping[int, Floor]:
    return floors.look((), time.monotonic()).floors or {}


async def onward(conn: Connection, floors: Floors, count: int, others: tuple[str, ...] = ()) -> list[LeasedTask]:
    return await claim_onward(conn, Slots([0] * count, [1], ["w"], others), LeasedTask, floors)


async def add(conn: Connection, count: int, *, after: int = 0, **facts: object) -> list[bytes]:
    """Tasks that became due an hour ago, one each millisecond; their keys in that order."""
    due = [LONG_AGO + timedelta(milliseconds=after + n) for n in range(count)]
    return [task.id.bytes for task in await tasks.enqueue(conn, [new(due=at, **facts) for at in due])]


def keys(leased: list[LeasedTask]) -> set[bytes]:
    return {task.key for task in leased}


async def test_claims_take_everything_in_order(conn: Connection) -> None:
    low, high = await add(conn, 10, priority=-3), await add(conn, 10, priority=7)
    middle = await add(conn, 10)
    floors, taken = begun(), []
    while leased := await onward(conn, floors, 4):
        taken.append(keys(leased))
    expected = high + middle + low
    assert taken == [set(expected[first : first + 4]) for first in range(0, 30, 4)]


async def test_a_floor_is_the_last_task_of_each_priority(conn: Connection) -> None:
    high, low = await add(conn, 3, priority=7), await add(conn, 3, priority=-3)
    floors = begun()
    await onward(conn, floors, 5)
    assert floors.look((), time.monotonic()).floors == {
        100: Floor(FIRST, KEY),
        7: Floor(LONG_AGO + timedelta(milliseconds=2), high[2]),
        -3: Floor(LONG_AGO + timedelta(milliseconds=1), low[1]),
    }


async def test_a_priority_that_appears_between_floors_is_found(conn: Connection) -> None:
    await add(conn, 2, priority=7)
    await add(conn, 2, priority=-3)
    floors = begun()
    await onward(conn, floors, 3)
    for priority in (100, 8, 6, 0, -2, -100):
        added = await add(conn, 1, priority=priority)
        if priority > -3:
            assert keys(await onward(conn, floors, 1)) == set(added)
    assert len(await onward(conn, floors, 10)) == 2


async def test_what_became_due_just_now_is_found_behind_the_floor(conn: Connection) -> None:
    """It may have been committed later than what was claimed."""
    now = datetime.now(UTC)
    floors = begun()
    await tasks.enqueue(conn, [new(due=now)])
    assert len(await onward(conn, floors, 1)) == 1
    late = (await tasks.enqueue(conn, [new(due=now - timedelta(milliseconds=100))]))[0].id.bytes
    assert keys(await onward(conn, floors, 1)) == {late}


async def test_what_was_given_back_is_found_by_the_next_look_everywhere(conn: Connection) -> None:
    first, second, third = await add(conn, 3)
    floors = begun()
    await release(conn, held(*await onward(conn, floors, 2)))
    assert keys(await onward(conn, floors, 3)) == {second, third}
    assert keys(await onward(conn, Floors(), 3)) == {first}


async def test_a_floor_does_not_hide_what_another_kind_of_worker_takes(conn: Connection) -> None:
    theirs, ours = await add(conn, 2, command="theirs"), await add(conn, 2, after=2)
    floors = begun(("theirs",))
    assert keys(await onward(conn, floors, 4, ("theirs",))) == set(ours)
    assert keys(await onward(conn, floors, 4)) == set(theirs)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every claim takes too long, and any time is spent to learn where the ready tasks end."""
    monkeypatch.setattr(module, "SLOW", 0.0)
    monkeypatch.setattr(module, "SLOW_EACH", 0.0)
    monkeypatch.setattr(Floors, "asked", lambda *_: None)


THEIRS = ("theirs",)


@pytest.mark.usefixtures("impatient")
async def test_what_only_others_may_have_is_not_walked_over_again(conn: Connection) -> None:
    floors, touched = begun(THEIRS), []
    for _ in range(6):
        await add(conn, 1_000, command="theirs")
        await add(conn, 100, command="theirs", priority=5)
        now = datetime.now(UTC)
        ours = {task.id.bytes for task in await tasks.enqueue(conn, [new(due=now), new(due=now, priority=3)])}
        found: set[bytes] = set()
        while not found.issuperset(ours):
            found |= keys(await onward(conn, floors, 4, THEIRS))
        before = await buffers(conn)
        assert await onward(conn, floors, 4, THEIRS) == []
        touched.append(await buffers(conn) - before)
    before = await buffers(conn)
    assert await onward(conn, Floors(), 4, THEIRS) == []
    assert max(touched) * 20 < await buffers(conn) - before, "as much as from the beginning"


@pytest.mark.usefixtures("impatient")
async def test_behind_the_end_nothing_is_missed_that_becomes_ready(conn: Connection) -> None:
    await add(conn, 50, command="theirs", priority=2)
    floors = begun(THEIRS)
    for _ in range(3):
        assert await onward(conn, floors, 4, THEIRS) == []
    assert set(floors.look(THEIRS, time.monotonic()).floors or ()) >= {2, 0}
    now = datetime.now(UTC)
    for priority in (100, 3, 2, 1, 0, -1, -100):
        [ours] = await tasks.enqueue(conn, [new(due=now - timedelta(milliseconds=100), priority=priority)])
        assert keys(await onward(conn, floors, 4, THEIRS)) == {ours.id.bytes}, priority
    others_gone = await onward(conn, floors, 60)
    assert len(others_gone) == 50


async def test_what_is_known_to_have_come_back_is_found_by_the_next_look(conn: Connection) -> None:
    tasks_ = await add(conn, 3)
    floors = begun(took=0.02)
    await release(conn, held(*await onward(conn, floors, 2)))
    # A look from the beginning takes 0.02 s here: on its own it rests for two seconds, for what came back for 0.2.
    await asyncio.sleep(0.3)
    floors.came_back()
    assert keys(await onward(conn, floors, 3)) == set(tasks_)


async def test_a_look_back_that_found_everything_leaves_the_floors_where_they_were(conn: Connection) -> None:
    early = await add(conn, 2)
    late = await add(conn, 2, after=1_000)
    floors = begun()
    leased = await onward(conn, floors, 4)
    floor = Floor(LONG_AGO + timedelta(milliseconds=1_001), late[1])
    assert floors_of(floors)[0] == floor
    assert len(leased) == 4
    floors.reached({0: Floor(LONG_AGO, early[0])}, enough=False)
    assert floors_of(floors)[0] == floor
    floors.reached({0: Floor(LONG_AGO, early[0])})
    assert floors_of(floors)[0] == Floor(LONG_AGO, early[0])


@pytest.fixture
async def pinned(database_url: str) -> AsyncIterator[None]:
    """A transaction of somebody else that has been open since before."""
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        await other.execute("SELECT count(*) FROM sessions")
        yield


async def buffers(conn: Connection) -> int:
    query = "SELECT idx_blks_hit + heap_blks_hit FROM pg_statio_user_tables WHERE relname = 'tasks'"
    await conn.execute("SELECT pg_stat_force_next_flush()")
    found = await (await conn.execute(query.encode())).fetchone()
    assert found is not None
    return int(str(found[0]))


@pytest.mark.usefixtures("pinned")
async def test_dead_entries_that_nobody_may_clear_away_are_not_walked_again(conn: Connection) -> None:
    batch, rounds = 100, 40
    await add(conn, batch * rounds)
    floors, touched = begun(), []
    for _ in range(rounds):
        before = await buffers(conn)
        leased = await onward(conn, floors, batch)
        assert len(leased) == batch
        touched.append(await buffers(conn) - before)
        await finish(conn, *leased)
    # From the beginning the last claim would touch 40 times as much as the first.
    assert max(touched[-5:]) < 2 * max(touched[:5])
