"""What only the bench asks of PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import args_row, scalar_row

from cluster.store.errors import translated
from cluster.store.history import ensure_partitions
from cluster.store.migrations import migrate
from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Look:
    """How far a bench is: tasks enqueued and, of those, finished, and of those, not well (failed, cancelled).

    `now`: seconds since the epoch by PostgreSQL's clock. What is counted was committed by then.
    """

    now: float
    enqueued: int
    finished: int
    failed: int

    @property
    def waiting(self) -> int:
        """Enqueued and not finished."""
        return self.enqueued - self.finished


@asynccontextmanager
async def scratch_database(url: str) -> AsyncIterator[str]:
    """The URL of a migrated database of the caller's own on the server of `url`; dropped at the end."""
    name = f"taskmaster_bench_{token_hex(4)}"
    scratch = make_conninfo(url, dbname=name)
    try:
        with translated():
            await migrate(scratch, create_database=True)
        yield scratch
    finally:
        with translated():
            async with await psycopg.AsyncConnection.connect(
                make_conninfo(url, dbname="postgres"), autocommit=True
            ) as it:
                await it.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


async def look(connection: Connection) -> Look:
    """How far the bench is, without reading tasks."""
    async with connection.cursor(row_factory=args_row(Look)) as cursor:
        await cursor.execute(statement("bench_look"))
        [seen] = await cursor.fetchall()
        return seen


async def first_pick(connection: Connection, since: float) -> float:
    """When the first task was claimed of those that finished, in seconds since the epoch; claims before `since` (the
    same) do not count.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement("bench_first_pick"), {"since": since})
        [moment] = await cursor.fetchall()
        return float(moment)


async def online(connection: Connection) -> int:
    """How many workers are there."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement("bench_online"))
        [workers] = await cursor.fetchall()
        return int(workers)


async def entered(connection: Connection, command: str) -> dict[UUID, int]:
    """When the finished tasks of this command began: nanoseconds that they returned as `entered`, by their ids."""
    cursor = await connection.execute(statement("bench_entered"), {"command": command})
    return {UUID(str(task_id)): int(str(moment)) for task_id, moment in await cursor.fetchall()}


async def fill_pending(connection: Connection, rows: int) -> None:
    """Add `rows` no-op tasks in one statement, ready at once, in the order of their ids."""
    await connection.execute(statement("bench_fill_pending"), {"rows": rows})


async def fill_history(connection: Connection, rows: int, days: int) -> None:
    """Add `rows` finished tasks, evenly over the last `days` days, each day in a partition of its own."""
    await connection.execute(statement("bench_fill_days"), {"days": days})
    await ensure_partitions(connection, epoch=None, days_ahead=0)
    await connection.execute(statement("bench_fill_history"), {"rows": rows, "days": float(days)})


async def tidy(connection: Connection) -> None:
    """VACUUM ANALYZE: what autovacuum would have done by and by."""
    await connection.execute("VACUUM ANALYZE")


@asynccontextmanager
async def pinned(connection: Connection) -> AsyncIterator[None]:
    """A transaction that holds a snapshot as long as the block lasts, as somebody's forgotten report does."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await connection.execute(statement("bench_pin"))
        yield


async def server_settings(connection: Connection) -> dict[str, str]:
    """Version and the settings that a figure must be read with."""
    cursor = await connection.execute(statement("bench_server"))
    return {str(name): str(value) for name, value in await cursor.fetchall()}


async def wal_bytes(connection: Connection) -> int:
    """Bytes of WAL written so far by this server."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement("bench_wal"))
        [written] = await cursor.fetchall()
        return int(written)


def backend_pid(connection: Connection) -> int:
    """The server's process behind this connection, as its own machine numbers it."""
    return connection.info.backend_pid
