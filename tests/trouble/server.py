"""A PostgreSQL server that a test may stop, crash, kill and start again."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from cluster.store.migrations import migrate
from cluster.supervisor.postgres.account import server_account
from cluster.supervisor.postgres.binaries import Binaries
from cluster.supervisor.postgres.server import PostgresServer
from tests.acceptance.processes import free_ports
from tests.fixtures.eventually import eventually
from tests.fixtures.postgres import binaries_to_test

ADMISSION = "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 trust\n"
QUICK = {"fsync": "off", "shared_buffers": "64MB", "max_connections": "40", "autovacuum_naptime": "1min"}
"""A process that is killed loses nothing that was written; only a power cut would."""


class Server:
    """On a unix socket and on a TCP port. State: the folder, the port, and the server itself."""

    def __init__(self, **settings: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="taskmaster-trouble-"))
        self.home.chmod(0o755)
        self.sockets = self.home / "s"
        (self.port,) = free_ports(1)
        admission = self.home / "admission"
        admission.write_text(ADMISSION)
        own = {"listen_addresses": "127.0.0.1", "port": str(self.port), "hba_file": str(admission)}
        self.binaries: Binaries = binaries_to_test()
        self._server = PostgresServer(self.binaries, self.home, self.sockets, settings={**QUICK, **own, **settings})

    def __repr__(self) -> str:
        return f"<Server :{self.port} {self._server!r}>"

    @property
    def data(self) -> Path:
        return self.home / "postgres" / self.binaries.version().partition(".")[0]

    @property
    def log(self) -> str:
        return self._server.log.read_text(errors="replace")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.sockets}&port={self.port}"

    def tcp_url(self, database: str) -> str:
        return f"postgresql://postgres:topsecret@127.0.0.1:{self.port}/{database}"

    # ------------------------------------------------------------ what may happen to it

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        """Fast shutdown: clients are told, everything is written."""
        await self._server.stop()

    async def crash(self) -> None:
        """Immediate shutdown: clients are told, nothing is written."""
        self._server.abort()
        await self._server.stop()

    async def kill(self) -> None:
        """SIGKILL to the postmaster: nobody is told, its children notice by themselves."""
        os.kill(self.postmaster(), signal.SIGKILL)
        await self._server.stop()
        await eventually(lambda: not self._left())

    async def remove(self) -> None:
        await self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def _left(self) -> list[int]:
        left = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.cwd() == str(self.data):
                    left.append(process.pid)
        return left

    # ------------------------------------------------------------ as its administrator

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(self.url(database), autocommit=True, application_name="the test") as connection:
            yield connection

    def set(self, name: str, value: str | None) -> None:
        """ALTER SYSTEM and reload; None: as it was."""
        with self.admin() as admin:
            reset = sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name))
            change = sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            admin.execute(reset if value is None else change)
            admin.execute("SELECT pg_reload_conf()")

    def terminate(self, admin: psycopg.Connection[tuple[object, ...]] | None = None) -> int:
        """End every backend that works for a process of ours; how many there were."""
        return self._count("SELECT count(pg_terminate_backend(pid))", admin)

    def backends(self, admin: psycopg.Connection[tuple[object, ...]] | None = None) -> int:
        """How many backends work for processes of ours."""
        return self._count("SELECT count(*)", admin)

    def _count(self, what: str, admin: psycopg.Connection[tuple[object, ...]] | None) -> int:
        with contextlib.nullcontext(admin) if admin is not None else self.admin() as connection:
            query = f"{what} FROM pg_stat_activity WHERE application_name LIKE 'taskmaster %'"
            [(count,)] = connection.execute(query.encode()).fetchall()
            return int(str(count))

    async def database(self, name: str) -> str:
        """A new migrated database; its name."""
        with self.admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        await migrate(self.url(name), create_database=True)
        return name

    async def copy_to(self, standby: "Server") -> None:
        """Make `standby` (not started) a streaming standby of this server."""
        account = server_account()
        target = standby.data
        target.parent.mkdir(mode=0o711, exist_ok=True)
        if account.borrowed:
            shutil.chown(target.parent, account.uid, account.gid)
        command = [
            str(standby.binaries.reachable(account, standby.home).folder / "pg_basebackup"),
            "--pgdata", str(target), "--host", str(self.sockets), "--port", str(self.port), "--username", "postgres",
            "--checkpoint", "fast", "--write-recovery-conf", "--no-sync", "--wal-method", "stream",
        ]  # fmt: skip
        done = await asyncio.to_thread(
            lambda: subprocess.run(command, capture_output=True, text=True, check=False, **account.process())
        )
        assert done.returncode == 0, done.stderr


@asynccontextmanager
async def running_server(settings: Mapping[str, str] | None = None) -> AsyncIterator[Server]:
    """A server for one test."""
    server = Server(**(settings or {}))
    try:
        await server.start()
        yield server
    finally:
        await server.remove()
