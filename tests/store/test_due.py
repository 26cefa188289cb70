"""Promotion: never early, earliest first, and it says when to come again."""

import asyncio

import pytest

from cluster.core.task import State
from cluster.store.counters import totals
from cluster.store.due import Promotion, promote
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import add, claim, lead, row, scalar


async def make_due(conn: Connection, seconds_ago: float) -> None:
    await conn.execute(
        "UPDATE tasks SET scheduled_at = now() - %s * interval '1 second' WHERE state = 0", (seconds_ago,)
    )


async def test_what_is_due_becomes_ready(conn: Connection) -> None:
    ids = {answer.id for answer in await add(conn, 3, delay=60)}
    await make_due(conn, 1)
    assert await promote(conn, await lead(conn), 10) == Promotion(3, None)
    assert {task.id for task in await claim(conn, 10)} == ids
    assert (await totals(conn)).pending == 3


async def test_what_is_not_due_stays_scheduled(conn: Connection) -> None:
    [task] = await add(conn, 1, delay=30)
    promotion = await promote(conn, await lead(conn), 10)
    assert promotion.promoted == 0
    assert promotion.next_due is not None and 25 < promotion.next_due <= 30
    assert (await row(conn, task.id)).state is State.SCHEDULED


async def test_nothing_is_promoted_before_its_time_by_the_database_clock(conn: Connection) -> None:
    """Polled without a pause around the moment when tasks fall due."""
    await add(conn, 50, delay=0.15)
    await conn.execute("UPDATE tasks SET scheduled_at = scheduled_at + random() * interval '100 ms'")
    epoch = await lead(conn)
    while (await promote(conn, epoch, 5)).next_due is not None:
        early = "SELECT count(*) FROM tasks WHERE state = 1 AND scheduled_at > statement_timestamp()"
        assert await scalar(conn, early) == 0
    assert len(await claim(conn, 100)) == 50


async def test_the_earliest_go_first_and_the_rest_at_once_after(conn: Connection) -> None:
    ids = [answer.id for answer in await add(conn, 5, delay=60)]
    for n, task_id in enumerate(reversed(ids)):
        await conn.execute(
            "UPDATE tasks SET scheduled_at = now() - %s * interval '1 s' WHERE id = %s", (5 - n, task_id)
        )
    epoch = await lead(conn)
    assert await promote(conn, epoch, 2) == Promotion(2, 0.0)
    assert {task.id for task in await claim(conn, 5)} == set(ids[-2:])
    assert await promote(conn, epoch, 5) == Promotion(3, None)


@pytest.mark.parametrize("why", ["another epoch", "time is over", "no leader"])
async def test_only_who_leads_promotes(conn: Connection, why: str) -> None:
    await add(conn, 1, delay=60)
    await make_due(conn, 1)
    epoch = await lead(conn)
    if why == "another epoch":
        await lead(conn, "c2")
    if why == "time is over":
        await conn.execute("UPDATE leader SET expires_at = now()")
    if why == "no leader":
        await conn.execute("DELETE FROM leader")
    assert (await promote(conn, epoch, 10)).promoted == 0


async def test_two_who_promote_at_once_promote_each_task_once(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        await add(one, 200, delay=60)
        await make_due(one, 1)
        epoch = await lead(one)
        first, second = await asyncio.gather(promote(one, epoch, 1000), promote(two, epoch, 1000))
        assert first.promoted + second.promoted == 200
