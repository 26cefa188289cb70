"""Leases: given once, and of no use to anybody when they are over."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import pytest
from msgspec.structs import replace

from cluster.core.task import State
from cluster.store import leases, sessions
from cluster.store.counters import totals
from cluster.store.leases import Held, LeasedTask, Parked, Retried, Slots
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import add, claim, finish, finished, held, lead, new, row, scalar, session, start


async def test_a_claim_leases_ready_tasks_alone(conn: Connection) -> None:
    ready = {answer.id for answer in await add(conn, 3)}
    await add(conn, 3, delay=60)
    assert {task.id for task in await claim(conn, 10)} == ready
    assert await claim(conn, 10) == []


async def test_a_claim_takes_the_most_urgent_then_the_oldest(conn: Connection) -> None:
    low, old, high = [(await add(conn, 1, priority=priority))[0].id for priority in (-1, 0, 5)]
    young = (await add(conn, 1))[0].id
    order = [(await claim(conn, 1))[0].id for _ in range(4)]
    assert order == [high, old, young, low]


async def test_row_i_goes_to_slot_i(conn: Connection) -> None:
    ids = [answer.id for answer in await add(conn, 7)]
    slots = Slots([0, 1, 2, 0, 1, 2, 0], [70, 71, 72], ["a", "b", "c"])
    leased = {task.id: task.session_id for task in await leases.claim(conn, slots, LeasedTask)}
    assert [leased[task_id] for task_id in ids] == [70, 71, 72, 70, 71, 72, 70]
    assert [(await row(conn, task_id)).worker_id for task_id in ids] == ["a", "b", "c", "a", "b", "c", "a"]


async def test_a_claim_leaves_commands_of_others_alone(conn: Connection) -> None:
    await add(conn, 2, "theirs")
    mine = {answer.id for answer in await add(conn, 2, "mine")}
    assert {task.id for task in await leases.claim(conn, Slots([0] * 4, [1], ["w"], ["theirs"]), LeasedTask)} == mine


async def test_a_lease_tells_what_its_worker_needs(conn: Connection) -> None:
    await add(conn, 1, "c", payload=b'{"a": 1}', max_attempts=4, timeout_ms=9)
    [task] = await claim(conn, 1, session_id=9)
    assert (task.command, task.payload, task.max_attempts, task.timeout_ms) == ("c", b'{"a": 1}', 4, 9)
    assert (task.attempt, task.session_id) == (1, 9)
    assert (await row(conn, task.id)).state is State.LEASED


async def test_two_claims_at_once_share_no_task(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        ids = {answer.id for answer in await add(one, 400)}

        async def claimer(conn: Connection, session_id: int) -> list[LeasedTask]:
            leased: list[LeasedTask] = []
            while tasks := await claim(conn, 17, session_id):
                leased += tasks
            return leased

        first, second = await asyncio.gather(claimer(one, 1), claimer(two, 2))
        assert {task.id for task in first} | {task.id for task in second} == ids
        assert len(first) + len(second) == len(ids)


async def test_a_claim_does_not_wait_for_another_one(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        await add(one, 10)
        async with one.transaction():
            first = await claim(one, 4)
            second = await claim(two, 10)
        assert (len(first), len(second)) == (4, 6)
        assert not {task.id for task in first} & {task.id for task in second}


async def test_every_claim_has_a_token_of_its_own(conn: Connection) -> None:
    await add(conn, 2)
    [first], [second] = await claim(conn, 1), await claim(conn, 1)
    assert first.lease_token != second.lease_token


async def test_start_is_recorded_once(conn: Connection) -> None:
    await add(conn, 1)
    [task] = await claim(conn, 1)
    assert await start(conn, task) == {task.id}
    first = await row(conn, task.id)
    assert await start(conn, task) == set()
    assert await row(conn, task.id) == first
    assert first.state is State.RUNNING
    assert first.picked_at is not None and first.started_at is not None and first.picked_at <= first.started_at
    counted = await totals(conn)
    assert (counted.pending, counted.running) == (0, 1)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("state", [State.COMPLETE, State.FAILED, State.CANCELLED, State.DEAD])
async def test_a_finished_task_is_in_history_with_its_outcome(conn: Connection, state: State, started: bool) -> None:
    await add(conn, 1, unique_key="k")
    [task] = await claim(conn, 1)
    if started:
        await start(conn, task)
    report = finished(held(task)[0], state, b'{"a":  1}' if state is State.COMPLETE else None, "why")
    assert await leases.finish(conn, [report]) == {task.key}
    done = await row(conn, task.id)
    assert (done.state, done.error, done.worker_id, done.unique_key) == (state, "why", "worker-1-0000abcd", "k")
    assert done.result == (b'{"a":  1}' if state is State.COMPLETE else None)
    assert done.picked_at is not None and done.started_at is not None and done.finished_at is not None
    assert done.scheduled_at <= done.picked_at <= done.started_at <= done.finished_at
    assert await scalar(conn, "SELECT count(*) FROM tasks") == 0
    counted = await totals(conn)
    assert (counted.pending, counted.running) == (0, 0)
    assert counted.completed + counted.failed + counted.cancelled == 1


async def test_times_of_a_report_are_before_now_but_never_before_the_claim(conn: Connection) -> None:
    await add(conn, 1)
    [task] = await claim(conn, 1)
    hours = 3_600_000_000
    await leases.finish(conn, [replace(finished(held(task)[0]), started_us_ago=2 * hours, finished_us_ago=hours)])
    done = await row(conn, task.id)
    assert done.picked_at == done.started_at == done.finished_at


async def test_a_batch_gives_each_task_its_own_outcome(conn: Connection) -> None:
    await add(conn, 200)
    leased = await claim(conn, 200)
    random.Random(3).shuffle(leased)
    states = (State.COMPLETE, State.FAILED, State.DEAD)
    reports = [
        finished(lease, states[n % 3], str(n).encode() if n % 2 else None, f"error {n}" if n % 3 else None)
        for n, lease in enumerate(held(*leased))
    ]
    assert await leases.finish(conn, reports) == {task.key for task in leased}
    for report in reports[:30]:
        done = await row(conn, UUID(bytes=report.key))
        assert (done.state, done.result, done.error) == (report.state, report.result, report.error)
    assert (await totals(conn)).failed == sum(report.state is not State.COMPLETE for report in reports)


async def test_a_retry_makes_the_task_due_later_with_its_error(conn: Connection) -> None:
    await add(conn, 2, unique_key=None)
    first, second = await claim(conn, 2)
    await start(conn, first)
    reports = [Retried(held(first)[0], 60, "e1"), Retried(held(second)[0], 0.5, "e2")]
    assert await leases.retry(conn, reports) == {first.id, second.id}
    again = await row(conn, first.id)
    assert (again.state, again.attempt, again.error) == (State.SCHEDULED, 1, "e1")
    assert (again.picked_at, again.started_at, again.worker_id) == (None, None, None)
    assert (
        58
        < await scalar(conn, f"SELECT extract(epoch FROM scheduled_at - now()) FROM tasks WHERE id = '{first.id}'")
        <= 60
    )
    counted = await totals(conn)
    assert (counted.pending, counted.running) == (2, 0)


async def test_a_released_task_is_ready_with_the_attempt_it_had(conn: Connection) -> None:
    await add(conn, 2)
    first, second = await claim(conn, 2)
    await start(conn, first)
    assert await leases.release(conn, held(first, second)) == {first.id, second.id}
    for task in (first, second):
        back = await row(conn, task.id)
        assert (back.state, back.attempt, back.worker_id, back.picked_at) == (State.READY, 0, None, None)
    counted = await totals(conn)
    assert (counted.pending, counted.running) == (2, 0)
    assert [task.attempt for task in await claim(conn, 2)] == [1, 1]


async def test_a_parked_task_says_why_and_waits_for_a_worker_that_knows_it(conn: Connection) -> None:
    await add(conn, 2, "rare")
    tasks = await claim(conn, 2)
    await leases.park(conn, [Parked(lease, f"nobody knows {n}") for n, lease in enumerate(sorted(held(*tasks)))])
    parked = await row(conn, min(task.id for task in tasks))
    assert (parked.state, parked.error, parked.attempt, parked.worker_id) == (State.PARKED, "nobody knows 0", 0, None)
    await session(conn, handlers=("noop",))
    epoch = await lead(conn)
    assert await leases.unpark(conn, epoch, 10) == set()
    await session(conn, "worker-2", handlers=("noop", "rare"))
    assert await leases.unpark(conn, epoch - 1, 10) == set()
    assert len(await leases.unpark(conn, epoch, 1)) == 1
    assert await leases.unpark(conn, epoch, 10) | {parked.id} >= {parked.id}
    assert {task.command for task in await claim(conn, 5)} == {"rare"}
    assert (await totals(conn)).pending == 2


@pytest.mark.parametrize("over", ["expired", "ended", "draining"])
async def test_a_worker_that_is_gone_or_going_unparks_nothing(conn: Connection, over: str) -> None:
    await add(conn, 1, "rare")
    await leases.park(conn, [Parked(held(*await claim(conn, 1))[0], "nobody knows it")])
    gone = await session(conn, ttl=-1 if over == "expired" else 60, handlers=("rare",))
    if over == "ended":
        await sessions.end_sessions(conn, "c1", [gone], "test", crashed=True)
    if over == "draining":
        await conn.execute("UPDATE sessions SET draining = true")
    assert await leases.unpark(conn, await lead(conn), 10) == set()


WRITES = ("start", "finish", "retry", "release", "park")


async def write(conn: Connection, name: str, *stale: Held) -> set[object]:
    match name:
        case "start":
            return await leases.start(conn, [leases.Started(lease, 0) for lease in stale])
        case "finish":
            return {UUID(bytes=key) for key in await leases.finish(conn, [finished(lease) for lease in stale])}
        case "retry":
            return await leases.retry(conn, [Retried(lease, 1.0, "e") for lease in stale])
        case "release":
            return await leases.release(conn, list(stale))
        case _:
            return await leases.park(conn, [Parked(lease, "r") for lease in stale])


async def everything(
    conn: Connection,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    queries = (
        "SELECT * FROM tasks ORDER BY id",
        "SELECT * FROM task_history ORDER BY id",
        "SELECT * FROM counters ORDER BY at",
    )
    first, second, third = [await (await conn.execute(query)).fetchall() for query in queries]  # type: ignore[arg-type]
    return first, second, third


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("over", ["claimed again", "finished", "never was"])
async def test_a_stale_token_changes_nothing(conn: Connection, name: str, over: str) -> None:
    await add(conn, 3)
    old, other, finished_one = await claim(conn, 3)
    stale = {
        "claimed again": held(old)[0],
        "finished": held(finished_one)[0],
        "never was": Held(new().id, other.lease_token),
    }[over]
    await leases.release(conn, held(old))
    await claim(conn, 1, session_id=2)
    await finish(conn, finished_one)
    before = await everything(conn)
    assert await write(conn, name, stale) == set()
    assert await everything(conn) == before


@pytest.mark.parametrize("name", WRITES)
async def test_a_stale_lease_does_not_keep_the_others_of_its_batch_out(conn: Connection, name: str) -> None:
    await add(conn, 3)
    tasks = await claim(conn, 3)
    stale = Held(tasks[1].id, tasks[1].lease_token + 1000)
    batch = [held(tasks[0])[0], stale, held(tasks[2])[0]]
    assert await write(conn, name, *batch) == {tasks[0].id, tasks[2].id}
    assert (await row(conn, tasks[1].id)).state is State.LEASED


async def test_of_two_leases_of_one_task_only_the_one_that_holds_counts(conn: Connection) -> None:
    await add(conn, 1)
    [old] = await claim(conn, 1)
    await leases.release(conn, held(old))
    [task] = await claim(conn, 1)
    reports = [finished(held(task)[0], error="new"), finished(held(old)[0], State.DEAD, error="old")]
    assert await leases.finish(conn, reports) == {task.key}
    done = await row(conn, task.id)
    assert (done.state, done.error) == (State.COMPLETE, "new")


async def test_an_outcome_is_accepted_once_though_two_report_it_at_once(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        await add(one, 50)
        tasks = await claim(one, 50)
        accepted = Counter()
        for ids in await asyncio.gather(finish(one, *tasks), finish(two, *reversed(tasks))):
            accepted.update(ids)
        assert accepted == dict.fromkeys((task.id for task in tasks), 1)
        assert await scalar(one, "SELECT count(*) FROM task_history") == 50
        assert (await totals(one)).completed == 50


async def test_outcomes_whose_commit_was_not_heard_can_be_asked_for(conn: Connection) -> None:
    await add(conn, 2)
    done, todo = await claim(conn, 2)
    await finish(conn, done)
    assert await leases.accepted(conn, [*held(done, todo), Held(done.id, done.lease_token + 1)]) == {done.id}


async def test_rows_that_somebody_else_has_locked_are_told_and_the_others_are_ours(
    pool: Pool, conn: Connection
) -> None:
    await add(conn, 3)
    theirs, ours, gone = await claim(conn, 3)
    await finish(conn, gone)
    keys = [lease.key for lease in (theirs, ours, gone)]
    async with connected(pool) as holder, connected(pool) as other:
        async with holder.transaction():
            await holder.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [theirs.id])
            async with conn.transaction():
                assert await leases.locked(conn, keys) == {theirs.key}
                assert await leases.locked(other, keys) == {theirs.key, ours.key}
        assert await leases.locked(other, keys) == set()
