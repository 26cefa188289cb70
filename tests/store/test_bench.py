"""What the bench asks of PostgreSQL, and what PostgreSQL does alone."""

import psycopg
import pytest

from cluster.store import bench
from cluster.store.bare import BareFigures, run_bare
from cluster.store.counters import totals
from cluster.store.pool import Connection, Pool, connected

DAYS = 3


async def count(conn: Connection, query: bytes) -> int:
    found = await (await conn.execute(query)).fetchone()
    assert found is not None
    return int(str(found[0]))


@pytest.mark.parametrize(("tasks", "batch"), [(30, 10), (25, 10), (5, 10)])
async def test_alone_every_task_goes_through_its_whole_life(conn: Connection, tasks: int, batch: int) -> None:
    figures = await run_bare(conn, tasks, batch)
    assert (figures.tasks, figures.batch) == (tasks, batch)
    assert min(figures.enqueue_seconds, figures.claim_seconds, figures.finish_seconds) > 0
    counted = await totals(conn)
    assert (counted.pending, counted.running, counted.completed) == (0, 0, tasks)
    assert await count(conn, b"SELECT count(*) FROM tasks") == 0
    done = b"SELECT count(*) FROM task_history WHERE state = 10 AND finished_at >= started_at"
    assert await count(conn, done) == tasks


async def test_alone_the_first_in_line_are_claimed_where_tasks_wait(conn: Connection) -> None:
    await bench.fill_pending(conn, 50)
    await conn.execute("CREATE TABLE line AS SELECT id FROM tasks ORDER BY scheduled_at LIMIT 20")
    await run_bare(conn, 20, 10)
    assert await count(conn, b"SELECT count(*) FROM task_history JOIN line USING (id)") == 20
    assert (await bench.look(conn)).waiting == 50


def test_rates_are_tasks_over_seconds() -> None:
    figures = BareFigures(tasks=1000, batch=100, enqueue_seconds=0.5, claim_seconds=0.25, finish_seconds=0.75)
    assert (figures.enqueue_rate, figures.drain_seconds, figures.drain_rate) == (2000, 1, 1000)


async def test_a_look_counts_without_reading_tasks(conn: Connection) -> None:
    before = await bench.look(conn)
    await bench.fill_pending(conn, 7)
    await bench.fill_history(conn, 11, DAYS)
    after = await bench.look(conn)
    assert (before.enqueued, before.waiting) == (0, 0)
    assert (after.waiting, after.finished, after.failed) == (7, 11 + DAYS + 1, 0)
    assert after.now > before.now


async def test_what_is_filled_in_is_what_is_counted_and_lies_in_the_partition_of_its_day(conn: Connection) -> None:
    await bench.fill_history(conn, 100, DAYS)
    await bench.tidy(conn)
    assert await count(conn, b"SELECT count(*) FROM task_history") == 100 + DAYS + 1
    assert await count(conn, b"SELECT count(*) FROM task_history_other") == 0
    assert await count(conn, b"SELECT count(DISTINCT tableoid) FROM task_history") == DAYS + 1


async def test_the_first_pick_does_not_count_what_was_picked_before(conn: Connection) -> None:
    await run_bare(conn, 5, 5)
    between = (await bench.look(conn)).now
    await run_bare(conn, 5, 5)
    assert between <= await bench.first_pick(conn, between) <= (await bench.look(conn)).now
    assert await bench.first_pick(conn, 0.0) < between


async def test_a_pinned_snapshot_holds_back_what_vacuum_may_remove(pool: Pool, conn: Connection) -> None:
    pins = b"SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND state = 'idle in transaction'"
    async with connected(pool) as other:
        async with bench.pinned(other):
            assert await count(conn, pins) >= 1
            assert other.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        assert other.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


async def test_a_scratch_database_is_dropped_also_when_the_block_fails(database_url: str, conn: Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        async with bench.scratch_database(database_url) as url:
            name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
            raise ZeroDivisionError
    found = await conn.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,))
    assert await found.fetchone() == (0,)
