"""Cancel and retry by hand: whatever the task is doing, once, and answered with what is so."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from cluster.core.task import State
from cluster.runtime.ids import new_id
from cluster.store import leases, steering
from cluster.store.counters import totals
from cluster.store.enqueue import enqueue
from cluster.store.leases import Parked, Retried
from cluster.store.pool import Connection, Pool, connected
from cluster.store.steering import Selection
from tests.fixtures.eventually import eventually
from tests.store.made import add, claim, finish, held, lead, new, row, session, start


async def in_state(conn: Connection, state: State) -> UUID:
    """A task in this state, and no other task."""
    if state is State.SCHEDULED:
        return (await add(conn, 1, delay=60))[0].id
    task_id = (await add(conn, 1))[0].id
    if state is State.READY:
        return task_id
    if state is State.ISOLATED:
        await conn.execute("UPDATE tasks SET state = 5, crash_count = 2")
        return task_id
    if state is State.PAUSED:
        await conn.execute("UPDATE tasks SET state = 6")
        return task_id
    leased = await claim(conn, 1, await session(conn))
    if state is State.RUNNING:
        await start(conn, *leased)
    if state is State.PARKED:
        await leases.park(conn, [Parked(lease, "nobody knows it") for lease in held(*leased)])
    if state >= State.COMPLETE:
        await finish(conn, *leased, state=state)
    return task_id


UNFINISHED = [state for state in State if state < State.COMPLETE]
UNSUCCESSFUL = [State.FAILED, State.CANCELLED, State.DEAD]


@pytest.mark.parametrize("state", UNFINISHED)
async def test_whatever_a_task_does_it_can_be_cancelled_once(conn: Connection, state: State) -> None:
    task_id = await in_state(conn, state)
    [change] = await steering.cancel(conn, [task_id], "no more")
    assert (change.was, change.now, change.changed) == (state, State.CANCELLED, True)
    [again] = await steering.cancel(conn, [task_id])
    assert (again.was, again.now, again.changed) == (State.CANCELLED, State.CANCELLED, False)
    ended = await row(conn, task_id)
    assert (ended.state, ended.error) == (State.CANCELLED, "no more")
    counted = await totals(conn)
    assert (counted.pending, counted.running, counted.cancelled) == (0, 0, 1)


async def test_who_ran_a_cancelled_task_is_told_it_is_stale(conn: Connection) -> None:
    await add(conn, 1)
    [task] = await claim(conn, 1, await session(conn))
    await start(conn, task)
    [change] = await steering.cancel(conn, [task.id])
    assert (change.session_id, change.token, change.worker_id) == (1, task.lease_token, "worker-1-0000abcd")
    assert await finish(conn, task) == set()
    assert await leases.retry(conn, [Retried(lease, 0.0, "e") for lease in held(task)]) == set()
    assert await leases.still_held(conn, held(task)) == set()
    assert (await row(conn, task.id)).state is State.CANCELLED


async def test_a_lease_that_was_cancelled_stands_once_in_the_trail(conn: Connection) -> None:
    task_id = await in_state(conn, State.RUNNING)
    await steering.cancel(conn, [task_id])
    await steering.retry(conn, [task_id])
    assert [past["outcome"] for past in trail((await row(conn, task_id)).attempts)] == ["cancelled", "retried"]


async def test_a_selection_reads_no_payloads(conn: Connection) -> None:
    ids = [answer.id for answer in await add(conn, 2, payload=b'{"x": "' + b"x" * 100_000 + b'"}')]
    assert await steering.select(conn, Selection(command="noop"), 10) == ids
    query = "SELECT statement FROM pg_prepared_statements"
    assert not [text for (text,) in await (await conn.execute(query)).fetchall() if "listed" in text]


@pytest.mark.parametrize("state", [State.COMPLETE, State.FAILED, State.DEAD])
async def test_what_has_ended_is_not_cancelled_and_says_how_it_ended(conn: Connection, state: State) -> None:
    task_id = await in_state(conn, state)
    [change] = await steering.cancel(conn, [task_id])
    assert (change.now, change.changed) == (state, False)


@pytest.mark.parametrize("state", UNSUCCESSFUL)
async def test_what_ended_without_success_runs_again_with_its_past(conn: Connection, state: State) -> None:
    task_id = await in_state(conn, state)
    [change] = await steering.retry(conn, [task_id])
    assert (change.was, change.now, change.changed) == (state, State.READY, True)
    [again] = await steering.retry(conn, [task_id])
    assert (again.now, again.changed) == (State.READY, False)
    back = await row(conn, task_id)
    assert (back.state, back.attempt, back.crash_count, back.error) == (State.READY, 0, 0, None)
    assert [past["outcome"] for past in trail(back.attempts)] == [state.name.lower(), "retried"]
    counted = await totals(conn)
    assert (counted.pending, counted.failed, counted.cancelled, counted.retried) == (1, 0, 0, 1)
    [task] = await claim(conn, 1)
    assert task.id == task_id
    assert await finish(conn, task) == {task_id}


@pytest.mark.parametrize("state", [State.COMPLETE, State.READY, State.LEASED, State.RUNNING])
async def test_what_succeeded_or_is_under_way_does_not_run_again(conn: Connection, state: State) -> None:
    task_id = await in_state(conn, state)
    [change] = await steering.retry(conn, [task_id])
    assert (change.now, change.changed) == (state, False)
    assert (await row(conn, task_id)).state is state


async def test_a_live_task_with_the_same_unique_key_wins(conn: Connection) -> None:
    first = (await add(conn, 1, unique_key="k"))[0].id
    await finish(conn, *await claim(conn, 1), state=State.DEAD)
    second = (await add(conn, 1, unique_key="k"))[0].id
    [change] = await steering.retry(conn, [first])
    assert (change.now, change.changed, change.held_by) == (State.DEAD, False, second)


async def test_answers_come_in_the_order_asked_without_what_nobody_knows(conn: Connection) -> None:
    ids = [answer.id for answer in await add(conn, 3)]
    asked = [ids[2], new_id(), ids[0], ids[2]]
    assert [change.id for change in await steering.cancel(conn, asked)] == [ids[2], ids[0]]


async def test_only_tasks_in_the_given_states_change(conn: Connection) -> None:
    ready = (await add(conn, 1))[0].id
    later = (await add(conn, 1, delay=60))[0].id
    changes = await steering.cancel(conn, [ready, later], states=[State.SCHEDULED])
    assert [change.changed for change in changes] == [False, True]


async def test_tasks_are_selected_by_what_they_are(conn: Connection) -> None:
    a = [answer.id for answer in await add(conn, 3, "a")]
    b = [answer.id for answer in await add(conn, 2, "b", queue="q")]
    assert await steering.select(conn, Selection(command="a"), 10) == a
    assert await steering.select(conn, Selection(command="a"), 2) == a[:2]
    assert await steering.select(conn, Selection(queue="q", states=(State.READY,)), 10) == b
    assert await steering.select(conn, Selection(states=(State.PARKED,)), 10) == []
    assert await steering.select(conn, Selection(task_ids=(b[1], a[0], b[1])), 10) == [b[1], a[0]]


async def test_a_cancellation_and_a_finish_at_once_leave_one_end(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        session_id = await session(one)
        for _ in range(10):
            await add(one, 40)
            tasks = await claim(one, 40, session_id)
            changes, done = await asyncio.gather(steering.cancel(one, [task.id for task in tasks]), finish(two, *tasks))
            assert {change.id for change in changes if change.changed} ^ done == {task.id for task in tasks}
        counted = await totals(one)
        assert (counted.pending, counted.completed + counted.cancelled) == (0, 400)


async def test_a_cancellation_locks_tasks_in_the_order_of_their_ids_however_it_is_planned(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        low, high = sorted([new_id(), new_id()])
        # The heap has them the other way round, and an edge may be told to scan it.
        await enqueue(one, [new(id=high)])
        await enqueue(one, [new(id=low)])
        await two.execute("SET enable_indexscan = off")
        await two.execute("SET enable_bitmapscan = off")
        await two.execute("SET enable_seqscan = on")
        await two.execute("SET enable_sort = on")
        async with one.transaction():
            await one.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", (low,))
            cancelling = asyncio.create_task(steering.cancel(two, [low, high]))
            await eventually(lambda: waits_for_a_lock(one, two.info.backend_pid))
            await one.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE NOWAIT", (high,))
        assert [change.now for change in await cancelling] == [State.CANCELLED] * 2


async def test_two_who_retry_at_once_bring_a_task_back_once(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        ids = [answer.id for answer in await add(one, 30)]
        await finish(one, *await claim(one, 30), state=State.DEAD)
        first, second = await asyncio.gather(steering.retry(one, ids), steering.retry(two, ids))
        assert sum(change.changed for change in first + second) == 30
        assert (await totals(one)).pending == 30


async def test_the_trail_keeps_the_last_fifty(conn: Connection) -> None:
    epoch = await lead(conn)
    assert epoch
    task_id = (await add(conn, 1))[0].id
    for number in range(60):
        await conn.execute("UPDATE tasks SET state = 1 WHERE state = 0")
        await leases.retry(conn, [Retried(lease, 0.0, f"error {number}") for lease in held(*await claim(conn, 1))])
    past = trail((await row(conn, task_id)).attempts)
    assert [entry["error"] for entry in past] == [f"error {number}" for number in range(10, 60)]
    assert [entry["attempt"] for entry in past] == list(range(11, 61))


async def waits_for_a_lock(conn: Connection, pid: int) -> bool:
    cursor = await conn.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", (pid,))
    return (await cursor.fetchone()) == (True,)


def trail(attempts: bytes | None) -> list[dict[str, object]]:
    return msgspec.json.decode(attempts or b"[]")
