"""The finisher when rows are locked: what is free is written, and what is not waits its turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cluster.coordinator.aside import PAUSE, Aside
from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import LOCK_WITHIN, Finisher
from cluster.coordinator.reports import Start
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.core.errors import RowsLocked, StoreUnavailable
from cluster.core.outcome import Succeeded
from cluster.core.task import State
from cluster.store import leases as store
from cluster.store.clock import DatabaseClock
from cluster.store.pool import beside, connected
from tests.coordinator.conftest import look
from tests.coordinator.finishing import batch_of, leased, worker_session


@pytest.fixture
def session() -> WorkerSession:
    return worker_session()


@asynccontextmanager
async def locked(pool, *leases: HeldLease) -> AsyncIterator[None]:
    """Meanwhile somebody else has locked their rows."""
    async with connected(pool) as holder, holder.transaction():
        await holder.execute("SELECT FROM tasks WHERE id = ANY (%s) FOR UPDATE", [[lease.id for lease in leases]])
        yield


@pytest.fixture
async def hasty(pool) -> AsyncIterator[Finisher]:
    """A finisher as a coordinator has it."""
    async with beside(pool, lock_within=LOCK_WITHIN) as own:
        yield Finisher(own, Feed("c", DatabaseClock()), lambda: None, lambda: None, lambda: None)


async def test_a_batch_is_settled_when_its_last_locked_row_is_written_and_not_before(conn, pool, session, hasty):
    free, held, gone = await leased(conn, session, 3)
    settled: list[list] = []
    batch = batch_of(session, [(lease, Succeeded()) for lease in (free, held, gone)], [])
    batch.settled = lambda stale: settled.append(list(stale))
    await conn.execute("DELETE FROM tasks WHERE id = %s", [gone.id])
    hasty.submit(batch)
    async with locked(pool, held):
        await hasty.step()
        assert session.completed == 1
        assert (list(session.leases), session.ending) == ([held.key], 1)
        assert not settled
        assert not await hasty.drained(0)
    while not settled:
        await asyncio.sleep(await hasty.step() or 0)
    assert settled == [[(gone.key, gone.lease_token)]]
    assert (session.leases, session.ending, session.completed) == ({}, 0, 2)
    assert await hasty.step() is None
    assert await hasty.drained(0)


async def test_a_refused_report_beside_a_locked_row_is_written_and_the_locked_one_later(conn, pool, session, hasty):
    held, bad = await leased(conn, session, 2)
    hasty.submit(batch_of(session, [(held, Succeeded(b"1")), (bad, Succeeded(b"no json"))], []))
    async with locked(pool, held):
        # The refusal is met first: PostgreSQL reads the results before it waits for a row, or waits and then reads.
        await hasty.step()
        assert (await look(conn, bad.id)).state is State.FAILED
        assert (await look(conn, held.id)).state is State.LEASED
    while session.leases:
        await asyncio.sleep(await hasty.step() or 0)
    assert (await look(conn, held.id)).result == b"1"


async def test_the_commit_of_what_is_free_that_was_not_answered_is_not_called_stale(
    conn, pool, session, hasty, monkeypatch
):
    free, held = await leased(conn, session, 2)
    stale: list[tuple[bytes, int]] = []
    hasty.submit(batch_of(session, [(free, Succeeded()), (held, Succeeded())], stale))
    finish, lost = store.finish, []

    async def cut_off(connection, reports):
        accepted = await finish(connection, reports)
        if not lost:
            lost.append(reports)
            await connection.execute("COMMIT")
            raise StoreUnavailable("the line was cut after COMMIT")
        return accepted

    monkeypatch.setattr(store, "finish", cut_off)
    async with locked(pool, held):
        with pytest.raises(StoreUnavailable):
            await hasty.step()
        await hasty.step()
        assert list(session.leases) == [held.key]
    while session.leases:
        await asyncio.sleep(await hasty.step() or 0)
    assert lost
    assert (stale, session.completed) == ([], 2)


async def test_who_waited_for_a_lock_looks_for_others_before_it_writes(conn, pool, session, hasty, monkeypatch):
    held, second, free = await leased(conn, session, 3)
    finish, tried = store.finish, []

    async def watched(connection, reports):
        tried.append([report.key for report in reports])
        return await finish(connection, reports)

    monkeypatch.setattr(store, "finish", watched)
    async with locked(pool, held, second):
        hasty.submit(batch_of(session, [(held, Succeeded())], []))
        await hasty.step()
        hasty.submit(batch_of(session, [(second, Succeeded()), (free, Succeeded())], []))
        while free.key in session.leases:
            await hasty.step()
    assert tried == [[held.key], [free.key]]


async def test_a_table_that_is_locked_is_waited_for(conn, pool, session, hasty):
    [lease] = await leased(conn, session, 1)
    hasty.submit(batch_of(session, [(lease, Succeeded())], []))
    async with connected(pool) as holder, holder.transaction():
        await holder.execute("LOCK task_history")
        with pytest.raises(RowsLocked):
            await hasty.step()
    await hasty.step()
    assert (await look(conn, lease.id)).state is State.COMPLETE


def test_what_is_put_aside_is_tried_in_turn_and_no_sooner_than_after_a_pause(session):
    aside = Aside()
    first, second, third = (batch_of(session, [], []) for _ in range(3))
    for batch in (first, second, third):
        batch.starts = [Start(None, 0)] * 2
    assert (aside.take(0.0, 4), aside.pause(0.0)) == ([], None)
    aside.put([first, second, third], 10.0)
    assert aside.take(10.0 + PAUSE / 2, 4) == []
    assert aside.pause(10.0) == PAUSE
    assert aside.take(10.0 + PAUSE, 4) == [first, second]
    aside.put([first], 10.0 + PAUSE)
    assert aside.take(10.0 + 2 * PAUSE, 1) == [third]


async def test_while_too_much_is_put_aside_nothing_else_is_taken(conn, pool, session, hasty, monkeypatch):
    monkeypatch.setattr("cluster.coordinator.aside.FULL", 1)
    held, free = await leased(conn, session, 2)
    async with locked(pool, held):
        hasty.submit(batch_of(session, [(held, Succeeded())], []))
        await hasty.step()
        hasty.submit(batch_of(session, [(free, Succeeded())], []))
        assert await hasty.step() > 0
        assert (await look(conn, free.id)).state is State.LEASED
    while session.leases:
        await asyncio.sleep(await hasty.step() or 0)
    assert session.completed == 2
