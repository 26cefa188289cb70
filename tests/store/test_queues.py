"""Queues: a pause holds from its COMMIT on, costs claims nothing, and leaves nothing behind when it ends."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cluster.core.task import State
from cluster.store import due, leases, queues, sessions, steering, tasks
from cluster.store.leases import Parked, Retried
from cluster.store.pool import Connection
from cluster.store.queues import BEGINNING, Walk
from tests.store.made import add, claim, finish, held, lead, new, row, session, start

ALL = 1_000


async def state(conn: Connection, task_id: UUID) -> State:
    return (await row(conn, task_id)).state


async def one(conn: Connection, queue: str = "slow", **facts: object) -> UUID:
    return (await add(conn, 1, queue=queue, **facts))[0].id


async def put_aside(conn: Connection, epoch: int, looks: int = ALL) -> int:
    walk: Walk | None = BEGINNING
    aside = 0
    while walk is not None:
        step, walk = await queues.put_aside(conn, epoch, walk, looks)
        aside += step
    return aside


async def test_a_claim_leaves_the_tasks_of_a_paused_queue_alone_at_once(conn: Connection) -> None:
    waits, runs = await one(conn), await one(conn, "fast")
    await queues.pause(conn, "slow")
    assert [lease.id for lease in await claim(conn, 5)] == [runs]
    assert await state(conn, waits) is State.READY


async def test_what_is_ready_is_put_aside_step_by_step_and_brought_back(conn: Connection) -> None:
    epoch = await lead(conn)
    now = datetime.now(UTC)
    mixed = [new(queue=("slow", "fast")[n % 2], priority=n % 3, due=now - timedelta(seconds=n // 4)) for n in range(40)]
    await tasks.enqueue(conn, mixed)
    await queues.pause(conn, "slow")
    assert await put_aside(conn, epoch, looks=7) == 20
    assert {task.id for task in mixed if await state(conn, task.id) is State.PAUSED} == {
        task.id for task in mixed if task.queue == "slow"
    }
    assert await queues.bring_back(conn, epoch, ALL) == 0
    assert await queues.resume(conn, "slow")
    assert [await queues.bring_back(conn, epoch, 15) for _ in range(3)] == [15, 5, 0]
    assert len(await claim(conn, 50)) == 40


async def test_a_pause_said_twice_keeps_its_time_and_one_that_was_not_is_told(conn: Connection) -> None:
    first = await queues.pause(conn, "slow")
    again = await queues.pause(conn, "slow")
    assert (first.changed, again.changed, again.paused_at) == (True, False, first.paused_at)
    assert await queues.paused(conn) == [("slow", first.paused_at)]
    assert [await queues.resume(conn, "slow") for _ in range(2)] == [True, False]


async def test_whatever_makes_a_task_ready_knows_of_the_pause(conn: Connection) -> None:
    epoch = await lead(conn)
    promoted, unparked, released, rescued, retried = [await one(conn, delay=n == 0 and 60) for n in range(5)]
    leased = {lease.id: lease for lease in await claim(conn, 3)}
    await leases.park(conn, [Parked(held(leased[unparked])[0], "nobody knows it")])
    worker = await session(conn)
    [lost] = await claim(conn, 1, worker)
    await finish(conn, leased[rescued], state=State.FAILED)
    await queues.pause(conn, "slow")

    await conn.execute("UPDATE tasks SET scheduled_at = now() - interval '1 s' WHERE state = 0")
    assert (await due.promote(conn, epoch, ALL)).promoted == 1
    assert await leases.unpark(conn, epoch, ALL) == {unparked}
    await leases.release(conn, held(leased[released]))
    [back] = await sessions.end_sessions(conn, None, [worker], "gone", crashed=False)
    assert (back.task_id, back.state) == (lost.id, State.PAUSED)
    await steering.retry(conn, [rescued])
    enqueued = [await one(conn), (await tasks.enqueue(conn, [new(queue="slow", unique_key="k")]))[0].id]
    for task_id in (promoted, unparked, released, lost.id, rescued, *enqueued):
        assert await state(conn, task_id) is State.PAUSED, task_id
    assert retried == lost.id
    assert await claim(conn, 50) == []


async def test_what_runs_goes_on_and_a_retry_waits(conn: Connection) -> None:
    epoch = await lead(conn)
    ends, fails = await one(conn), await one(conn)
    leased = {lease.id: lease for lease in await claim(conn, 2)}
    await start(conn, *leased.values())
    await queues.pause(conn, "slow")
    assert await finish(conn, leased[ends]) == {ends}
    await leases.retry(conn, [Retried(held(leased[fails])[0], 0.0, "no")])
    await due.promote(conn, epoch, ALL)
    assert await state(conn, fails) is State.PAUSED


async def test_a_paused_task_can_be_cancelled_and_is_listed(conn: Connection) -> None:
    await queues.pause(conn, "slow")
    task_id = await one(conn)
    page = await tasks.list_tasks(conn, tasks.TaskFilter((State.PAUSED,)), 10, None)
    assert [task.id for task in page.tasks] == [task_id]
    [change] = await steering.cancel(conn, [task_id])
    assert (change.was, change.now) == (State.PAUSED, State.CANCELLED)


async def test_what_runs_alone_is_put_aside_and_runs_alone_afterwards(conn: Connection) -> None:
    epoch = await lead(conn)
    task_id = await one(conn)
    await conn.execute("UPDATE tasks SET state = 5, crash_count = 2")
    await queues.pause(conn, "slow")
    assert await leases.isolated_commands(conn, ["noop"]) == []
    assert await leases.claim_isolated(conn, 1, "w", ["noop"], leases.LeasedTask) is None
    assert await put_aside(conn, epoch) == 1
    await queues.resume(conn, "slow")
    await queues.bring_back(conn, epoch, ALL)
    assert await state(conn, task_id) is State.ISOLATED


async def test_only_the_leader_puts_aside_and_brings_back(conn: Connection) -> None:
    past = await lead(conn)
    epoch = await lead(conn, "c2")
    await one(conn)
    await queues.pause(conn, "slow")
    assert await queues.put_aside(conn, past, BEGINNING, ALL) == (0, BEGINNING)
    assert await queues.put_aside(conn, epoch, BEGINNING, ALL) == (1, None)
    await queues.resume(conn, "slow")
    assert await queues.bring_back(conn, past, ALL) == 0


async def test_queues_are_told_with_what_waits_in_them(conn: Connection) -> None:
    await add(conn, 3, queue="fast")
    await add(conn, 2, queue="fast", delay=60)
    await queues.pause(conn, "slow")
    await add(conn, 4, queue="slow")
    [lease] = await claim(conn, 1)
    await start(conn, lease)
    found = {one.queue: one for one in await queues.queues(conn)}
    assert found["fast"].tasks == {State.SCHEDULED: 2, State.READY: 2, State.RUNNING: 1}
    assert found["slow"].tasks == {State.PAUSED: 4}
    assert (found["fast"].paused_at, found["slow"].paused_at is not None) == (None, True)
    assert not any(one.partial for one in found.values())


async def test_a_look_for_queues_is_bounded_and_says_so(conn: Connection) -> None:
    await add(conn, 30, queue="fast")
    [one] = await queues.queues(conn, looks=20)
    assert (one.tasks, one.partial) == ({State.READY: 20}, True)


@pytest.mark.parametrize("queue", ["fast", "no-such-queue"])
async def test_a_pause_of_another_queue_changes_nothing(conn: Connection, queue: str) -> None:
    epoch = await lead(conn)
    task_id = await one(conn)
    await queues.pause(conn, queue)
    assert await put_aside(conn, epoch) == 0
    assert [lease.id for lease in await claim(conn, 5)] == [task_id]
