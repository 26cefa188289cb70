"""Floors: claims go on where those before them ended, and what becomes ready behind them is found."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from cluster.store import floors as module
from cluster.store import tasks
from cluster.store.floors import (
    DEPTHS,
    IN_A_ROW,
    LONGEST,
    SHARE,
    SHARE_AT_ONCE,
    SLOW,
    SLOW_EACH,
    Floor,
    Floors,
    Look,
    claim_onward,
)
from cluster.store.leases import LeasedTask, Slots, release
from cluster.store.pool import Connection
from tests.store.made import finish, held, new

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = bytes(15) + b"\x01"


def begun(others: tuple[str, ...] = (), *, took: float = 1000.0) -> Floors:
    """Of claims that took very long, so that no claim goes back while a test runs."""
    floors = Floors()
    now = time.monotonic()
    looked(floors, now - took, now, others)
    floors.reached({100: Floor(FIRST, KEY)})
    while (look := floors.look(others, now)).depth is not None:
        floors.looked(Look(look.floors, look.depth, now - took), 0, now)
    return floors


def floors_of(floors: Floors) -> Mapping[int, Floor]:
    return floors.look((), time.monotonic()).floors or {}


def looked(floors: Floors, began: float, now: float, others: tuple[str, ...] = (), found: int | None = 0) -> None:
    """From the beginning, as often as it takes."""
    for _ in range(IN_A_ROW):
        floors.looked(floors.look(others, began), found, now)


async def onward(conn: Connection, floors: Floors, count: int, others: tuple[str, ...] = ()) -> list[LeasedTask]:
    return await claim_onward(conn, Slots([0] * count, [1], ["w"], others), LeasedTask, floors)


async def add(conn: Connection, count: int, *, after: int = 0, **facts: object) -> list[bytes]:
    """Tasks that became due an hour ago, one each millisecond; their keys in that order."""
    due = [LONG_AGO + timedelta(milliseconds=after + n) for n in range(count)]
    return [task.id.bytes for task in await tasks.enqueue(conn, [new(due=at, **facts) for at in due])]


def keys(leased: list[LeasedTask]) -> set[bytes]:
    return {task.key for task in leased}


def hold(floors: Floors, others: tuple[str, ...] = ()) -> bool:
    return floors.look(others, time.monotonic()).floors is not None


@pytest.mark.parametrize(("took", "found", "slow"), [(SLOW, 0, False), (SLOW + 0.001, 0, True), (0.01, 1000, False)])
def test_only_claims_that_took_too_long_set_floors(took: float, found: int, slow: bool) -> None:
    floors = Floors()
    looked(floors, 0.0, took, found=found)
    assert hold(floors) is slow


def test_one_claim_that_took_too_long_sets_no_floor() -> None:
    floors = Floors()
    for took in (1.0, 1.0, 0.0, 1.0, 1.0):
        floors.looked(floors.look((), 0.0), 0, took)
        assert not hold(floors)


def test_a_claim_that_was_cut_short_counts_when_it_was_slow_and_forgets_nothing_when_it_was_not() -> None:
    floors = Floors()
    looked(floors, 0.0, 8.0, found=None)
    assert hold(floors)
    floors.looked(floors.look((), 8.0), None, 8.0)
    assert hold(floors)


def test_floors_are_of_claims_that_leave_the_same_commands_alone() -> None:
    floors = begun(("a",))
    assert hold(floors, ("a",))
    assert not hold(floors)


def test_a_look_from_the_beginning_that_is_quick_again_forgets_the_floors() -> None:
    floors = begun()
    floors.reached({0: Floor(LONG_AGO, KEY)})
    look = floors.look((), time.monotonic() + LONGEST)
    assert look.floors == {}
    floors.looked(look, 500, look.began + SLOW + 499 * SLOW_EACH)
    assert not hold(floors)


def depths(floors: Floors, until: float, takes: Callable[[float], float]) -> list[tuple[float, float]]:
    """When claims went back and how far, in seconds. `takes`: seconds that a claim takes which goes back so far."""
    seen, now = [], 0.0
    while now < until:
        floors.reached({0: Floor(START + timedelta(seconds=now), KEY)})
        look = floors.look((), now)
        back = now if not look.floors else now - (look.floors[0].scheduled_at - START).total_seconds()
        if look.depth is not None:
            seen.append((now, back))
        ended = now + takes(back)
        floors.looked(look, 0, ended)
        now = max(ended, now + 0.05)
    return seen


def test_claims_go_back_in_proportion_to_what_it_costs() -> None:
    """Each second of the past costs 0.01 s here, as 40,000 dead entries a second do."""
    floors = Floors()
    looked(floors, -1.0, 0.0)
    seen = depths(floors, 800.0, lambda back: 0.006 + 0.01 * back)
    late = [(at, back) for at, back in seen if at > 400]
    shallow = [back for _, back in late if back < 10]
    middle = [back for _, back in late if 10 <= back < 100]
    deep = [back for _, back in late if back >= 200]
    assert len(shallow) + len(middle) + len(deep) == len(late)
    assert min(shallow) >= DEPTHS[0] - 0.1
    assert max(shallow) <= 2 * DEPTHS[0] + 5
    assert min(middle) >= DEPTHS[1] - 0.1
    assert max(middle) <= 2 * DEPTHS[1] + 5
    assert len(shallow) > 5 * len(middle) > 5 * len(deep) >= 5
    # The deepest takes so long by now that LONGEST bounds its rest.
    assert sum(0.006 + 0.01 * back for back in shallow + middle) < 400 * 2.5 * SHARE


def test_the_beginning_is_looked_at_however_long_it_takes() -> None:
    """Also when each look is cut short by the statement timeout."""
    floors = Floors()
    looked(floors, -8.0, 0.0)
    at = [at for at, back in depths(floors, 600.0, lambda back: min(8.0, 0.1 * back)) if back == at]
    assert max(after - before for before, after in pairwise(at)) <= LONGEST + 9.0


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


def test_who_walked_far_and_did_not_find_enough_asks_for_the_end_in_proportion() -> None:
    floors = Floors()
    looked(floors, 0.0, 1.0)
    for depth in DEPTHS:
        back = floors.look((), 1.0)
        assert (back.depth is not None, back.to_the_end) == (True, False), depth
        floors.looked(back, 0, 2.0, enough=False)
    asked = []
    for n in range(100):
        now = 2.0 + n * 0.1
        look = floors.look((), now)
        if look.to_the_end:
            asked.append(n)
            floors.asked(now, now + 0.01)
        if look.depth is None:
            floors.looked(look, 3, now + 0.05, enough=False)
    assert asked[:3] == [1, 12, 23]
    floors.looked(Look({}, None, 20.0), 500, 20.05)
    assert not floors.look((), 20.1).to_the_end


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


def test_what_comes_back_all_the_time_costs_its_share() -> None:
    floors = begun()
    began = now = time.monotonic() + 2 * LONGEST
    back = 0.0
    while now < began + 100.0:
        floors.came_back()
        look = floors.look((), now)
        took = 0.001 if look.floors else 0.05
        back += took if not look.floors else 0.0
        now += took
        floors.looked(look, 0, now)
    assert 5.0 < back < 100.0 * (SHARE_AT_ONCE + SHARE * len(DEPTHS))


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
