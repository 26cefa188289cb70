"""What a task costs in PostgreSQL, counted: transactions, bytes of WAL, rows. Counts do not depend on the machine."""

from cluster.core.task import State
from cluster.store import leases, tasks
from cluster.store.pool import Connection
from tests.store.made import claim, finished, held, new, scalar

TASKS = 1_000
WAL_BYTES = 1_500
"""Of a no-op task in its whole life."""


async def transactions(conn: Connection) -> int:
    """How many have written so far, on the whole server."""
    return int(str(await scalar(conn, "SELECT pg_snapshot_xmax(pg_current_snapshot())")))


async def wal(conn: Connection) -> int:
    return int(str(await scalar(conn, "SELECT pg_current_wal_insert_lsn() - '0/0'")))


async def whole_life(conn: Connection) -> None:
    await tasks.enqueue(conn, [new() for _ in range(TASKS)])
    leased = await claim(conn, TASKS)
    accepted = await leases.finish(conn, [finished(lease) for lease in held(*leased)])
    assert len(accepted) == TASKS


async def test_a_thousand_tasks_live_in_three_transactions(conn: Connection) -> None:
    before = await transactions(conn)
    await whole_life(conn)
    # Autovacuum may have had one or two of its own.
    assert 3 <= await transactions(conn) - before <= 6


async def test_the_wal_of_a_task_is_bounded(conn: Connection) -> None:
    await whole_life(conn)
    before = await wal(conn)
    await whole_life(conn)
    assert (await wal(conn) - before) / TASKS < WAL_BYTES


async def test_a_finish_writes_one_row_of_counters(conn: Connection) -> None:
    before = await scalar(conn, "SELECT count(*) FROM counters")
    await whole_life(conn)
    assert await scalar(conn, "SELECT count(*) FROM counters") == int(str(before)) + 2
    assert await scalar(conn, "SELECT sum(completed) FROM counters") == TASKS
    assert await scalar(conn, f"SELECT count(*) FROM task_history WHERE state = {State.COMPLETE.value}") == TASKS
