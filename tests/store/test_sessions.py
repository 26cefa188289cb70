"""Sessions: prolonged by their coordinator, and when one ends its tasks are rescued, none forgotten."""

import asyncio

import pytest

from cluster.core.errors import StoreRejected
from cluster.core.task import State
from cluster.store import leases, sessions
from cluster.store.counters import totals
from cluster.store.errors import translated
from cluster.store.pool import Connection, Pool, connected
from cluster.store.sessions import LeaseRow, Pulse, Rescued
from cluster.store.statements import statement
from tests.store.made import TTL, add, claim, finish, held, lead, registration, row, scalar, session, start


def pulse(session_id: int, **facts: object) -> Pulse:
    usual = {"completed": 0, "failed": 0, "rss_bytes": 1, "loop_lag": 0, "draining": False, "age": 0}
    return Pulse(**{"session_id": session_id, **usual, **facts})


async def left(conn: Connection, session_id: int) -> float:
    seconds = await scalar(
        conn, f"SELECT extract(epoch FROM expires_at - now())::float8 FROM sessions WHERE id = {session_id}"
    )
    assert isinstance(seconds, float)
    return seconds


async def test_a_session_shows_what_its_worker_said(conn: Connection) -> None:
    given = registration("worker-7", slots=8, streaming=False, handlers=("a", "b"))
    session_id = await sessions.open_session(conn, given, TTL)
    [live] = await sessions.live_sessions(conn)
    assert (live.id, live.worker_id, live.name, live.address) == (
        session_id,
        given.worker_id,
        "worker-7",
        given.address,
    )
    assert (live.coordinator, live.slots, live.streaming, live.handlers) == ("c1", 8, False, ["a", "b"])
    assert (live.draining, live.completed, live.failed, live.running, live.current_task_ids) == (False, 0, 0, 0, [])


async def test_a_life_has_one_session(conn: Connection) -> None:
    first = await session(conn)
    with pytest.raises(StoreRejected, match="sessions_worker_id"), translated():
        await session(conn)
    await sessions.end_sessions(conn, "c1", [first], "test", crashed=True)
    with pytest.raises(StoreRejected, match="sessions_worker_id"), translated():
        await session(conn)


async def test_heartbeats_are_written_and_prolong(conn: Connection) -> None:
    first, second = await session(conn, "a", ttl=1), await session(conn, "b", ttl=1)
    told = pulse(second, completed=3, failed=2, rss_bytes=2**40, loop_lag=0.25, draining=True, age=20)
    assert await sessions.prolong(conn, "c1", [told, pulse(first)], TTL) == {first, second}
    assert 55 < await left(conn, first) <= 60
    assert 35 < await left(conn, second) <= 40
    await sessions.prolong(conn, "c1", [told], TTL)
    live = {row.id: row for row in await sessions.live_sessions(conn)}[second]
    assert (live.completed, live.failed, live.rss_bytes, live.loop_lag, live.draining) == (6, 4, 2**40, 0.25, True)


async def test_only_live_sessions_of_this_coordinator_are_prolonged(conn: Connection) -> None:
    mine, theirs = await session(conn, "a"), await session(conn, "b", coordinator="c2")
    ended = await session(conn, "c")
    await sessions.end_sessions(conn, "c1", [ended], "test", crashed=True)
    assert await sessions.prolong(conn, "c1", [pulse(mine), pulse(theirs), pulse(ended), pulse(999)], TTL) == {mine}
    assert await sessions.prolong(conn, "c1", [], TTL) == set()


async def test_a_session_is_carried_to_another_coordinator_with_its_leases(conn: Connection) -> None:
    session_id = await session(conn, ttl=-1)
    await add(conn, 2, "c", max_attempts=5)
    first, second = sorted(await claim(conn, 2, session_id), key=lambda task: task.id)
    await start(conn, first)
    assert await sessions.adopt_session(conn, session_id, "worker-1-0000abcd", "c2", TTL)
    assert await sessions.held_leases(conn, session_id) == [
        LeaseRow(first.id, first.lease_token, "c", 1, 5, State.RUNNING, False),
        LeaseRow(second.id, second.lease_token, "c", 1, 5, State.LEASED, False),
    ]
    assert await sessions.prolong(conn, "c1", [pulse(session_id)], TTL) == set()
    assert await sessions.end_expired(conn, await lead(conn), "lost") == []


async def test_a_session_that_ended_cannot_be_carried_on(conn: Connection) -> None:
    session_id = await session(conn)
    await sessions.end_sessions(conn, "c1", [session_id], "test", crashed=True)
    assert not await sessions.adopt_session(conn, session_id, "worker-1-0000abcd", "c2", TTL)
    assert not await sessions.adopt_session(conn, 999, "worker-1-0000abcd", "c2", TTL)


async def test_the_tasks_of_a_session_that_ends_are_ready_again(conn: Connection) -> None:
    gone, other = await session(conn, "a"), await session(conn, "b")
    await add(conn, 3)
    [running] = await claim(conn, 1, gone, "a-1")
    [leased] = await claim(conn, 1, gone, "a-1")
    [kept] = await claim(conn, 1, other, "b-1")
    await start(conn, running, kept)
    rescued = await sessions.end_sessions(conn, "c1", [gone], "connection lost", crashed=True)
    assert sorted(rescued) == sorted(
        Rescued(task.id, gone, "a-1", task.command, State.READY) for task in (running, leased)
    )
    back = await row(conn, running.id)
    assert (back.state, back.attempt, back.crash_count) == (State.READY, 0, 1)
    assert (back.worker_id, back.picked_at, back.started_at) == (None, None, None)
    assert (await row(conn, leased.id)).crash_count == 1
    assert (await row(conn, kept.id)).state is State.RUNNING
    counted = await totals(conn)
    assert (counted.pending, counted.running) == (2, 1)
    assert await scalar(conn, f"SELECT end_reason FROM sessions WHERE id = {gone}") == "connection lost"


async def test_who_lost_a_session_to_another_coordinator_cannot_end_it(conn: Connection) -> None:
    session_id = await session(conn)
    await add(conn, 1)
    await claim(conn, 1, session_id)
    assert await sessions.adopt_session(conn, session_id, "worker-1-0000abcd", "c2", TTL)
    assert await sessions.end_sessions(conn, "c1", [session_id], "no heartbeat", crashed=True) == []
    assert len(await sessions.end_sessions(conn, "c2", [session_id], "no heartbeat", crashed=True)) == 1


async def test_nobody_adopts_the_session_of_another_worker(conn: Connection) -> None:
    session_id = await session(conn)
    assert not await sessions.adopt_session(conn, session_id, "worker-2-0000abcd", "c2", TTL)


async def test_old_leases_of_some_sessions_are_found(conn: Connection) -> None:
    mine, other = await session(conn, "a"), await session(conn, "b")
    await add(conn, 3)
    [old] = await claim(conn, 1, mine, "a-1")
    await claim(conn, 1, other, "b-1")
    await conn.execute("UPDATE tasks SET picked_at = picked_at - interval '1 minute'")
    await claim(conn, 1, mine, "a-1")
    assert await sessions.held_for(conn, [mine], 30) == [sessions.OldLease(old.id, old.lease_token, mine)]


async def test_what_a_rescued_lease_reports_is_stale(conn: Connection) -> None:
    session_id = await session(conn)
    await add(conn, 1)
    [task] = await claim(conn, 1, session_id)
    await sessions.end_sessions(conn, "c1", [session_id], "test", crashed=True)
    assert await finish(conn, task) == set()
    assert await leases.release(conn, held(task)) == set()


async def test_a_session_ends_once(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        session_id = await session(one)
        await add(one, 20)
        tasks = await claim(one, 20, session_id)
        await start(one, *tasks)
        first, second = await asyncio.gather(
            sessions.end_sessions(one, "c1", [session_id], "x", crashed=True),
            sessions.end_sessions(two, "c1", [session_id], "y", crashed=True),
        )
        assert sorted(rescued.task_id for rescued in first + second) == sorted(task.id for task in tasks)
        assert (await totals(one)).running == 0
        assert await scalar(one, "SELECT max(crash_count) FROM tasks") == 1


async def test_sessions_that_were_not_prolonged_end_with_their_tasks_rescued(conn: Connection) -> None:
    dead, alive = await session(conn, "a", ttl=-1), await session(conn, "b")
    await add(conn, 2)
    [lost] = await claim(conn, 1, dead, "a-1")
    await claim(conn, 1, alive, "b-1")
    assert await sessions.end_expired(conn, await lead(conn), "3 heartbeats missed") == [
        Rescued(lost.id, dead, "a-1", lost.command, State.READY)
    ]
    assert [live.id for live in await sessions.live_sessions(conn)] == [alive]


async def test_only_who_leads_ends_what_expired(conn: Connection) -> None:
    dead = await session(conn, ttl=-1)
    await add(conn, 1)
    await claim(conn, 1, dead)
    epoch = await lead(conn)
    await lead(conn, "c2")
    assert await sessions.end_expired(conn, epoch, "lost") == []
    assert len(await sessions.live_sessions(conn)) == 1


async def test_a_claim_that_crosses_the_end_of_its_session_is_rescued_later(pool: Pool) -> None:
    """The end does not see the lease that is not committed, the claim does not see the end."""
    async with connected(pool) as one, connected(pool) as two:
        session_id = await session(one)
        epoch = await lead(one)
        await add(one, 1)
        async with one.transaction():
            [task] = await claim(one, 1, session_id)
            assert await sessions.end_sessions(two, "c1", [session_id], "lost", crashed=True) == []
        rescued = await sessions.end_expired(two, epoch, "lost")
        assert [orphan.task_id for orphan in rescued] == [task.id]
        assert (await row(two, task.id)).state is State.READY


async def test_an_ended_session_is_looked_after_for_a_minute_and_until_someone_leads(conn: Connection) -> None:
    session_id = await session(conn)
    await sessions.end_sessions(conn, "c1", [session_id], "lost", crashed=True)
    await conn.execute("UPDATE sessions SET ended_at = ended_at - interval '1 day'")
    await add(conn, 1)
    [task] = await claim(conn, 1, session_id)
    epoch = await lead(conn)
    assert [orphan.task_id for orphan in await sessions.end_expired(conn, epoch, "lost")] == [task.id]
    assert await sessions.end_expired(conn, epoch, "lost") == []
    assert await scalar(conn, "SELECT cleared FROM sessions") is True


async def test_a_lease_of_a_session_that_was_cleared_is_found_all_the_same(conn: Connection) -> None:
    session_id = await session(conn)
    await sessions.end_sessions(conn, "c1", [session_id], "lost", crashed=True)
    await conn.execute("UPDATE sessions SET ended_at = ended_at - interval '1 day'")
    epoch = await lead(conn)
    await sessions.end_expired(conn, epoch, "lost")
    await add(conn, 1)
    [task] = await claim(conn, 1, session_id)
    assert await sessions.end_expired(conn, epoch, "lost") == []
    assert (await sessions.forget_ended(conn, epoch, 0), await sessions.sweep(conn, epoch - 1)) == (0, 0)
    assert await sessions.sweep(conn, epoch) == 1
    assert [orphan.task_id for orphan in await sessions.end_expired(conn, epoch, "lost")] == [task.id]
    await sessions.end_expired(conn, epoch, "lost")
    assert (await sessions.sweep(conn, epoch), await sessions.forget_ended(conn, epoch, 0)) == (0, 1)


@pytest.mark.parametrize("who", ["session_end", "session_end_expired"])
async def test_what_nobody_lived_to_rescue_is_rescued_however_much_later(conn: Connection, who: str) -> None:
    """Its session was ended, and whoever did that died before the rescue; then again whoever led minutes later."""
    await add(conn, 1)
    session_id = await session(conn, ttl=-1)
    [task] = await claim(conn, 1, session_id)
    epoch = await lead(conn)
    expired = {"epoch": epoch, "reason": "silent"}
    ended = {"ids": [session_id], "coordinator": "c1", "reason": "gone", "crashed": False}
    await conn.execute(statement(who), ended if who == "session_end" else expired)
    await conn.execute("UPDATE sessions SET ended_at = ended_at - interval '2 minutes'")
    await conn.execute(statement("session_end_expired"), expired)
    assert [rescued.task_id for rescued in await sessions.end_expired(conn, epoch, "silent")] == [task.id]
    assert (await row(conn, task.id)).state is State.READY
    assert not await scalar(conn, "SELECT cleared FROM sessions")
    await sessions.end_expired(conn, epoch, "silent")
    assert await scalar(conn, "SELECT cleared FROM sessions")


async def test_a_finish_and_an_end_at_once_leave_each_task_in_one_place(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        for turn in range(10):
            session_id = await session(one, suffix=f"{turn:08x}")
            await add(one, 40)
            tasks = await claim(one, 40, session_id)
            done, rescued = await asyncio.gather(
                finish(one, *tasks), sessions.end_sessions(two, "c1", [session_id], "lost", crashed=True)
            )
            assert {task.id for task in tasks} == done | {task.task_id for task in rescued}
            assert not done & {task.task_id for task in rescued}
            await finish(one, *await claim(one, 100))
        counted = await totals(one)
        assert (counted.pending, counted.running, counted.completed) == (0, 0, 400)


async def test_live_sessions_tell_what_they_hold_started_ones_first(conn: Connection) -> None:
    session_id = await session(conn)
    await add(conn, 60)
    tasks = sorted(await claim(conn, 60, session_id), key=lambda task: task.id)
    await start(conn, tasks[-1])
    [live] = await sessions.live_sessions(conn)
    assert live.running == 60
    assert live.current_task_ids == [tasks[-1].id, *(task.id for task in tasks[:49])]


async def test_a_worker_is_found_by_name_in_its_last_life(conn: Connection) -> None:
    await session(conn, "a", suffix="00000001")
    latest = await session(conn, "a", suffix="00000002")
    await session(conn, "b")
    found = await sessions.find_live(conn, "a")
    assert found is not None and found.id == latest
    await sessions.end_sessions(conn, "c1", [latest], "test", crashed=True)
    found = await sessions.find_live(conn, "a")
    assert found is not None and found.worker_id == "a-00000001"
    assert await sessions.find_live(conn, "c") is None


async def test_offered_commands_are_those_of_workers_that_take_tasks(conn: Connection) -> None:
    await session(conn, "a", handlers=("x", "y"))
    await session(conn, "b", handlers=("y", "z"))
    draining = await session(conn, "c", handlers=("draining",))
    await sessions.prolong(conn, "c1", [pulse(draining, draining=True)], TTL)
    await session(conn, "d", ttl=-1, handlers=("expired",))
    assert await sessions.offered_commands(conn) == {"x", "y", "z"}


async def test_ended_sessions_are_forgotten_after_days_by_who_leads(conn: Connection) -> None:
    old, young, live = [await session(conn, name) for name in ("a", "b", "c")]
    await sessions.end_sessions(conn, "c1", [old, young], "test", crashed=True)
    await conn.execute("UPDATE sessions SET ended_at = now() - interval '3 days' WHERE id = %s", (old,))
    epoch = await lead(conn)
    await sessions.end_expired(conn, epoch, "lost")
    assert await sessions.forget_ended(conn, epoch + 1, 2) == 0
    assert await sessions.forget_ended(conn, epoch, 4) == 0
    assert await sessions.forget_ended(conn, epoch, 2) == 1
    assert {row[0] for row in await (await conn.execute("SELECT id FROM sessions")).fetchall()} == {young, live}
