"""How PostgreSQL is doing, as it says itself."""

from dataclasses import dataclass

from psycopg.rows import args_row

from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """`version`: 180001 is 18.1. `oldest_…`: the transaction of the server that has been open longest, None = none is,
    or we may not see it. `live_tuples`, `dead_tuples`: of the table of unfinished tasks. `connections_max`: that
    ordinary users may have.
    """

    version: int
    oldest_seconds: float | None
    oldest_pid: int | None
    oldest_application: str | None
    oldest_state: str | None
    live_tuples: int
    dead_tuples: int
    connections: int
    connections_max: int
    size_bytes: int
    fsync: bool
    autovacuum: bool
    standby: bool


async def database_health(connection: Connection) -> DatabaseHealth:
    """Its own statistics, read in one statement."""
    async with connection.cursor(binary=True, row_factory=args_row(DatabaseHealth)) as cursor:
        await cursor.execute(statement("database_health"))
        [row] = await cursor.fetchall()
        return row
