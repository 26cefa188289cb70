"""Which PostgreSQL is at the other end, and what its clock says."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import args_row

from cluster.store.dialling import parameters
from cluster.store.errors import translated
from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`version`: as PostgreSQL numbers itself, 180001 for 18.1. `now`: its clock, aware, UTC."""

    version: int
    now: datetime


async def server_facts(connection: Connection) -> ServerFacts:
    """What the server of this connection says."""
    async with connection.cursor(row_factory=args_row(ServerFacts)) as cursor:
        await cursor.execute(statement("server"))
        [facts] = await cursor.fetchall()
        return facts


async def ask_server(url: str, timeout: int) -> ServerFacts:
    """Ask the server of this URL over a connection of its own; StoreUnavailable after `timeout` seconds."""
    with translated():
        async with await psycopg.AsyncConnection.connect(
            url, **{**parameters(url, "doctor"), "connect_timeout": timeout}
        ) as connection:
            return await server_facts(connection)
