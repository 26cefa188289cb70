"""A PostgreSQL server of our own: start it, stop it, find it."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from cluster.core.errors import CannotStart
from cluster.supervisor.postgres import data, lock
from cluster.supervisor.postgres.account import Account, server_account
from cluster.supervisor.postgres.binaries import Binaries
from cluster.supervisor.postgres.folders import let_in, private_folder

START_SECONDS = 300.0
"""Recovery after a power cut replays what was written since the last checkpoint."""
LOG_BYTES = 16 * 1024 * 1024
"""A log that has grown beyond this is put aside at the next start."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    # Filling each new file of WAL with zeros first held up all who write, a sixth of a drain. fsync promises the same.
    "wal_init_zero": "off",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",
    "log_checkpoints": "off",
    "fsync": "on",
    "synchronous_commit": "on",
}

_PR_SET_PDEATHSIG = 1


class PostgresServer:
    """A server on `home/postgres/<major>` with its socket in `sockets` and its log in home/postgres.log.

    `settings` override SETTINGS. State: the descriptor of the lock and the server's process, both None when stopped.
    """

    def __init__(
        self, binaries: Binaries, home: Path, sockets: Path, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self._binaries = binaries
        self._home = home
        self._sockets = sockets
        self._settings = {**SETTINGS, **(settings or {})}
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        state = "stopped" if self._process is None else f"pid={self._process.pid}"
        return f"<PostgresServer {self._home} {state}>"

    @property
    def log(self) -> Path:
        return self._home / "postgres.log"

    def url(self, database: str) -> str:
        """Where programs of this user find `database` of this server."""
        return f"postgresql://{data.USER}@/{quote(database, safe='')}?host={quote(str(self._sockets), safe='')}"

    async def start(self) -> None:
        """Returns when the server takes connections. Raises CannotStart with the server's own reason."""
        if self._process is not None:
            return
        account = let_in(self._home, server_account())
        binaries = self._binaries.reachable(account, self._home)
        major = binaries.version().split(".")[0]
        folder = data.locate(self._home, major)
        self._lock = await lock.take(folder.with_name(f"{major}.lock"))
        private_folder(self._sockets, account)
        if not folder.is_dir():
            await data.initialise(binaries, folder, account, (self._lock,))
        data.forget_stale_pid(folder, self._sockets)
        self._process = self._spawn(binaries, folder, account, self._lock)
        await self._ready(folder, self._process)

    async def wait(self) -> int:
        """The exit code of the server, once it has ended."""
        return await asyncio.to_thread(self._process.wait) if self._process else 0

    async def stop(self) -> None:
        """Fast shutdown: clients are cut off, everything committed is on disk."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            await self.wait()
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def abort(self) -> None:
        """Immediate shutdown: nothing committed is lost, but the next start has to recover."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)

    def _spawn(self, binaries: Binaries, folder: Path, account: Account, lock: int) -> subprocess.Popen[bytes]:
        settings = {
            "wal_compression": _compression(binaries, account),
            "unix_socket_directories": str(self._sockets),
            **self._settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            # The signal on our death comes when the *thread* that started the child ends: so not in a worker thread.
            return subprocess.Popen(  # noqa: S603
                [str(binaries.folder / "postgres"), "-D", str(folder), *options],
                env=data.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
                **account.process(_die_with(os.getpid())),
            )

    async def _ready(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while data.status(folder) != (str(process.pid), "ready"):
            if process.poll() is not None:
                raise CannotStart(f"PostgreSQL ended at its start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL was not ready after {START_SECONDS:.0f} s; see {self.log}")
            await asyncio.sleep(0.02)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-50:]
        fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
        return f"{(fatal or lines or ['it said nothing'])[-1].strip()} (see {self.log})"


def _compression(binaries: Binaries, account: Account) -> str:
    """lz4 if this build knows it: of the others, pglz costs more time than it saves."""
    probe = [
        str(binaries.folder / "postgres"),
        "-c",
        "wal_compression=lz4",
        "-C",
        "wal_compression",
        "-D",
        "/nonexistent",
    ]
    done = subprocess.run(probe, env=data.environment(), capture_output=True, check=False, **account.process())  # noqa: S603
    return "off" if b"wal_compression" in done.stderr else "lz4"


def _die_with(parent: int) -> Callable[[], None] | None:
    """For the child, after it has dropped its rights (which would clear this): SIGINT to it when `parent` ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return bind
