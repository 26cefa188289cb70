"""What only the bench asks of PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import scalar_row

from cluster.store.errors import translated
from cluster.store.migrations import migrate
from cluster.store.pool import Connection
from cluster.store.statements import statement


@asynccontextmanager
async def scratch_database(url: str) -> AsyncIterator[str]:
    """The URL of a migrated database of the caller's own on the server of `url`; dropped at the end."""
    name = f"taskmaster_bench_{token_hex(4)}"
    scratch = make_conninfo(url, dbname=name)
    with translated():
        await migrate(scratch, create_database=True)
    try:
        yield scratch
    finally:
        with translated():
            async with await psycopg.AsyncConnection.connect(
                make_conninfo(url, dbname="postgres"), autocommit=True
            ) as it:
                await it.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def drained(connection: Connection) -> tuple[int, float]:
    """How many tasks have finished, and the seconds from the first claim to the last finish."""
    cursor = await connection.execute(statement("bench_span"))
    [(tasks, seconds)] = await cursor.fetchall()
    return int(str(tasks)), float(str(seconds or 0.0))


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


async def backend_pids(connection: Connection) -> list[int]:
    """The server's processes that work for this database, as its own machine numbers them."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement("bench_backends"))
        return [int(pid) for pid in await cursor.fetchall()]
