"""What PostgreSQL says of itself, to any account, on a server that has other databases, too."""

from uuid import uuid4

import psycopg
from psycopg import sql

from cluster.store.health import database_health
from cluster.store.pool import Connection
from cluster.supervisor.postgres.server import PostgresServer


async def test_a_transaction_in_another_database_is_not_our_oldest(conn: Connection, postgres: PostgresServer) -> None:
    # Begun before any of ours could be.
    with psycopg.connect(postgres.url("postgres")) as elsewhere:
        elsewhere.execute("SELECT 1")
        assert (await database_health(conn)).oldest_pid != elsewhere.info.backend_pid


async def test_an_account_that_is_told_little_counts_the_connections_of_others(
    conn: Connection, postgres: PostgresServer
) -> None:
    weak = sql.Identifier(f"weak_{uuid4().hex[:12]}")
    await conn.execute(sql.SQL("CREATE ROLE {}").format(weak))
    try:
        with psycopg.connect(postgres.url("postgres")) as elsewhere:
            elsewhere.execute("SELECT 1")
            await conn.execute(sql.SQL("SET ROLE {}").format(weak))
            health = await database_health(conn)
        assert (health.connections >= 2, health.oldest_seconds) == (True, None)
    finally:
        await conn.execute("RESET ROLE")
        await conn.execute(sql.SQL("DROP ROLE {}").format(weak))


async def test_tables_of_others_that_are_called_like_ours_are_not_counted(conn: Connection) -> None:
    await conn.execute("CREATE SCHEMA other")
    await conn.execute("CREATE TABLE other.tasks AS SELECT generate_series(1, 1000)")
    await conn.execute("SELECT pg_stat_force_next_flush()")
    assert (await database_health(conn)).live_tuples == 0
