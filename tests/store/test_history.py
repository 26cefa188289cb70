"""History: a partition per UTC day, made ahead, dropped when old, and no row lost on the way."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cluster.core.errors import RowsLocked
from cluster.store.history import ensure_partitions, prune
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import add, claim, finish, lead, scalar


def name(days: int) -> str:
    return f"task_history_p{datetime.now(UTC) + timedelta(days=days):%Y%m%d}"


async def partitions(conn: Connection) -> list[str]:
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'task_history'::regclass ORDER BY 1"
    return [row[0] for row in await (await conn.execute(query)).fetchall()]


async def place(conn: Connection, days: int) -> str:
    """Put a finished task on another day; where it was put."""
    query = """
        INSERT INTO task_history
          (id, scheduled_at, created_at, finished_at, state, priority, attempt, crash_count, queue, command)
        SELECT gen_random_uuid(), now(), now(), now() + %s * interval '1 day', 10, 0, 1, 0, 'q', 'c'
        RETURNING tableoid::regclass::text"""
    found = await (await conn.execute(query, (days,))).fetchone()
    assert found is not None
    return str(found[0])


async def test_a_migrated_database_has_the_next_days(conn: Connection) -> None:
    assert await partitions(conn) == ["task_history_other", *(name(days) for days in range(4))]


async def test_finished_tasks_go_to_the_partition_of_their_day(conn: Connection) -> None:
    await add(conn, 1)
    await finish(conn, *await claim(conn, 1))
    assert await scalar(conn, "SELECT tableoid::regclass::text FROM task_history") in {name(0), name(-1)}


async def test_missing_days_are_made_and_present_ones_left_alone(conn: Connection) -> None:
    await conn.execute(f"DROP TABLE {name(1)}")
    await ensure_partitions(conn, None, 5)
    await ensure_partitions(conn, None, 5)
    assert await partitions(conn) == ["task_history_other", *(name(days) for days in range(6))]


async def test_a_new_partition_has_every_index_of_the_table(conn: Connection) -> None:
    await ensure_partitions(conn, None, 5)
    query = "SELECT count(*) FROM pg_indexes WHERE tablename = '{}'"
    assert await scalar(conn, query.format(name(5))) == await scalar(conn, query.format("task_history")) == 3


async def test_rows_of_days_without_a_partition_are_kept_and_move_when_it_is_made(conn: Connection) -> None:
    for days in (6, 6, -9):
        assert await place(conn, days) == "task_history_other"
    await ensure_partitions(conn, None, 7)
    query = "SELECT tableoid::regclass::text, count(*) FROM task_history GROUP BY 1 ORDER BY 1"
    assert await (await conn.execute(query)).fetchall() == [(name(-9), 1), (name(6), 2)]
    assert await place(conn, 6) == name(6)


async def test_tasks_finish_while_partitions_are_made(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        await add(one, 10)
        async with one.transaction():
            await finish(one, *await claim(one, 5))
            await asyncio.wait_for(ensure_partitions(two, None, 9), 20)
            await finish(one, *await claim(one, 5))
        assert name(9) in await partitions(two)
        assert await scalar(one, "SELECT count(*) FROM task_history") == 10


async def test_two_who_make_partitions_at_once_make_each_once(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        await asyncio.gather(ensure_partitions(one, None, 12), ensure_partitions(two, None, 12))
        assert await partitions(one) == ["task_history_other", *(name(days) for days in range(13))]


async def test_old_partitions_are_dropped_with_their_rows(conn: Connection) -> None:
    for days in (-1, -7, -8, -40):
        await place(conn, days)
    await ensure_partitions(conn, None, 3)
    assert await prune(conn, await lead(conn), 7) == [name(-40), name(-8)]
    assert await scalar(conn, "SELECT count(*) FROM task_history") == 2
    assert name(-7) in await partitions(conn)


async def test_only_who_leads_prunes(conn: Connection) -> None:
    await place(conn, -40)
    await ensure_partitions(conn, None, 3)
    epoch = await lead(conn)
    await lead(conn, "c2")
    assert await prune(conn, epoch, 7) == []
    assert await scalar(conn, "SELECT count(*) FROM task_history") == 1


async def test_who_reads_history_delays_its_keeper_and_nobody_waits_for_either(pool: Pool) -> None:
    """Both need a table for themselves for a moment; they give up rather than make finishing wait behind them."""
    async with connected(pool) as one, connected(pool) as two:
        await place(one, -40)
        await ensure_partitions(one, None, 3)
        epoch = await lead(one)
        async with one.transaction():
            await scalar(one, "SELECT count(*) FROM task_history")
            with pytest.raises(RowsLocked):
                await prune(two, epoch, 7)
            with pytest.raises(RowsLocked):
                await ensure_partitions(two, epoch, 5)
        await ensure_partitions(two, epoch, 5)
        assert name(5) in await partitions(two)
        assert await prune(two, epoch, 7) == [name(-40)]


async def test_the_leader_stays_leader_while_history_is_kept(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        epoch = await lead(one)
        async with one.transaction():
            await ensure_partitions(one, epoch, 5)
            await prune(one, epoch, 7)
            async with asyncio.timeout(20):
                assert await lead(two) == epoch
