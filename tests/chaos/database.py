"""The PostgreSQL of a chaos run: a server of its own that can be killed, and is there again afterwards."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg

from cluster.runtime.paths import socket_folder
from cluster.store.migrations import migrate
from cluster.supervisor.ports import POSTGRES_SOCKET
from cluster.supervisor.postgres.server import PostgresServer
from tests.fixtures.postgres import binaries_to_test

NAME = "chaos"
SETTINGS = {"shared_buffers": "128MB", "fsync": "on", "synchronous_commit": "on"}


class Killable(PostgresServer):
    """A server whose postmaster can be killed. State: as PostgresServer."""

    def kill(self) -> None:
        """SIGKILL to the postmaster; its backends notice and end."""
        if self._process is not None:
            self._process.kill()


class Database:
    """State: the server, and whether somebody brings it back just now."""

    def __init__(self, home: Path) -> None:
        self._sockets = socket_folder(home)
        self._server = Killable(binaries_to_test(), home, self._sockets, settings=SETTINGS)
        self._restarting = asyncio.Lock()

    @property
    def url(self) -> str:
        """Without any line in between: for the run itself."""
        return self._server.url(NAME)

    @property
    def socket(self) -> Path:
        return self._sockets / POSTGRES_SOCKET

    async def start(self) -> None:
        """Returns when the schema is there."""
        await self._server.start()
        await migrate(self.url, create_database=True)

    async def stop(self) -> None:
        async with self._restarting:
            await self._server.stop()

    async def kill(self, away: float) -> None:
        """kill -9 of the postmaster; back after `away` seconds and its recovery."""
        await self._lose(self._server.kill, away)

    async def restart_at_once(self, away: float) -> None:
        """Immediate shutdown, as by pg_ctl -m immediate; back after `away` seconds and its recovery."""
        await self._lose(self._server.abort, away)

    async def storm(self) -> None:
        """Terminate every backend that serves somebody."""
        with contextlib.suppress(psycopg.Error):
            async with await self._connect() as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )

    async def unfinished(self) -> int:
        """How many tasks are left. Raises psycopg.Error while the server is away."""
        async with await self._connect() as connection:
            cursor = await connection.execute("SELECT count(*) FROM tasks")
            [(count,)] = await cursor.fetchall()
            return int(count)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(self.url, autocommit=True, connect_timeout=5)

    async def _lose(self, hit: Callable[[], None], away: float) -> None:
        async with self._restarting:
            hit()
            await self._server.wait()
            await asyncio.sleep(away)
            # Tidies up what it knows of the server that has ended.
            await self._server.stop()
            await self._server.start()
