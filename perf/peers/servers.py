"""PostgreSQL and Redis to work on: those that the environment names, else ones started for the run and gone with it."""

import asyncio
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import errors, sql

from cluster.runtime.paths import socket_folder
from cluster.runtime.settings import Settings
from cluster.supervisor.postgres.binaries import Binaries
from cluster.supervisor.postgres.server import PostgresServer
from peers.environments import Unavailable, redis_server
from peers.programs import Program

START_SECONDS = 20.0
REDIS_DATABASES = range(1, 16)
TOLD = (
    "server_version",
    "shared_buffers",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "max_wal_size",
    "wal_init_zero",
)


class Postgres:
    """A server, by the URL of one of its databases, which every peer's driver understands."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, database: str) -> str:
        parts = urlsplit(self._url)
        return f"postgresql://{parts.netloc}/{database}" + (f"?{parts.query}" if parts.query else "")

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URL of a new database, dropped at the end whoever is still connected."""
        name = f"peers_{secrets.token_hex(4)}"
        await self._admin(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            await self._admin(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    async def facts(self) -> dict[str, str]:
        """Version and the settings that a figure must be read with."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as it:
            return {name: str((await (await it.execute(f"SHOW {name}")).fetchone() or ("?",))[0]) for name in TOLD}

    async def _admin(self, statement: sql.Composed) -> None:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as it:
            await it.execute(statement)


async def settle(url: str) -> None:
    """Fresh statistics and no checkpoint due, the same kindness for everybody."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as it:
        await it.execute("ANALYZE")
        # A server that is not ours may not let us.
        with suppress(errors.InsufficientPrivilege):
            await it.execute("CHECKPOINT")


@asynccontextmanager
async def postgres(home: Path) -> AsyncIterator[Postgres]:
    """The server of DATABASE_URL or POSTGRES_HOST, else the embedded one of TaskMaster with its settings."""
    settings = Settings.from_env(os.environ)
    if not settings.embedded:
        yield Postgres(settings.database_url)
        return
    sockets = socket_folder(home)
    server = PostgresServer(Binaries.embedded(), home, sockets)
    await server.start()
    try:
        # Not user@ before an empty host: not every driver takes that.
        yield Postgres(f"postgresql:///postgres?host={quote(str(sockets), safe='')}&user=postgres")
    finally:
        await server.stop()


class Redis:
    """A server, by the URL of its database 0. State: which databases are in use."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._taken: set[int] = set()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URL of an empty database, emptied at the end. Raises Unavailable when none is empty."""
        number = await self._empty()
        url = f"{self._url}/{number}"
        try:
            yield url
        finally:
            await ask(url, "FLUSHDB")
            self._taken.discard(number)

    async def version(self) -> str:
        facts = await ask(self._url, "INFO server")
        return next(line.split(":")[1] for line in str(facts).splitlines() if line.startswith("redis_version:"))

    async def _empty(self) -> int:
        for number in REDIS_DATABASES:
            if number not in self._taken:
                self._taken.add(number)
                if await ask(f"{self._url}/{number}", "DBSIZE") == 0:
                    return number
        raise Unavailable("none of the Redis databases 1 to 15 is empty")


async def ask(url: str, command: str) -> int | str:
    """One command over a connection of its own: the two kinds of answer that are needed here, numbers and texts."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", parts.port or 6379)
    try:
        select = f"SELECT {parts.path.strip('/') or 0}"
        login = [f"AUTH {' '.join(filter(None, (parts.username, parts.password)))}"] if parts.password else []
        for line in (*login, select, command):
            writer.write(f"{line}\r\n".encode())
            answer = (await reader.readline()).decode().strip()
            if answer.startswith("-"):
                raise Unavailable(f"Redis refuses {line.split()[0]}: {answer[1:]}")
        if answer.startswith(":"):
            return int(answer[1:])
        return (await reader.readexactly(int(answer[1:]))).decode() if answer.startswith("$") else answer[1:]
    finally:
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def redis(home: Path) -> AsyncIterator[Redis]:
    """The server of REDIS_URL, else one with Redis's own defaults. Raises Unavailable when there is none to start."""
    if url := os.environ.get("REDIS_URL"):
        yield Redis(url.removesuffix("/0"))
        return
    port = free_ports(1)[0]
    argv = [str(redis_server()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(home)]
    with tempfile.TemporaryFile() as log:
        program = Program(argv, os.environ, home, log, piped=False)
        try:
            url = f"redis://127.0.0.1:{port}"
            await _answering(url, program)
            yield Redis(url)
        finally:
            program.kill()


async def _answering(url: str, program: Program) -> None:
    async with asyncio.timeout(START_SECONDS):
        while program.running:
            try:
                await ask(url, "PING")
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return
    raise Unavailable("redis-server ended at its start")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
