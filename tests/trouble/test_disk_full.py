"""The disk of PostgreSQL is full: nothing is half done, and space is all it takes to go on."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from cluster.supervisor.postgres.account import server_account
from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually
from tests.trouble.cast import cluster_of, ending_well, is_a_problem, pids, posting, runs_of
from tests.trouble.server import Server

BOUND = 25
SIZE = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def disk(server: Server) -> Iterator[Path]:
    """A small disk of its own, for a tablespace."""
    folder = server.home / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "trouble", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk is to be mounted, which is not allowed here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def cramped(server: Server, disk: Path) -> Iterator[RunningCluster]:
    """A cluster whose whole database is on that disk."""
    space = disk / "space"
    space.mkdir(mode=0o700)
    account = server_account()
    if account.borrowed:
        shutil.chown(space, account.uid, account.gid)
    name = asyncio.run(server.database("cramped"))
    with server.admin() as admin:
        admin.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(space))))
        admin.execute("ALTER DATABASE cramped SET TABLESPACE small")
    try:
        with ending_well(cluster_of(server.tcp_url(name))) as cluster:
            asyncio.run(cluster.up(workers=2))
            yield cluster
    finally:
        with server.admin() as admin:
            admin.execute("DROP DATABASE cramped WITH (FORCE)")
            admin.execute("DROP TABLESPACE small")


async def test_a_full_disk_refuses_and_everything_goes_on_when_there_is_space(
    server: Server, disk: Path, cramped: RunningCluster
) -> None:
    trace = cramped.folder / "full"
    before = pids(cramped)
    running = cramped.enqueue_many("trace", 6, {"path": str(trace), "seconds": 2})
    await eventually(lambda: cramped.stats()["running"] == 6)
    ballast = disk / "ballast"
    # Fills the pages that are there, so that the next row needs a new one.
    body = {"command": "trace", "payload": {"path": str(trace), "seconds": 0}, "delay_seconds": 3600, "count": 200}
    ahead: list[str] = []

    fill(ballast)
    try:
        while (answer := await asyncio.to_thread(cramped.http.post, "/api/schedule/batch", json=body)).is_success:
            ahead += answer.json()["task_ids"]
        assert is_a_problem(answer)
        assert cramped.stats()["pending"] == len(ahead), "half of a batch was enqueued"
        await eventually(lambda: len(runs_of(trace)) == 6)
    finally:
        ballast.unlink()

    async with posting(cramped, trace) as posted:
        await eventually(lambda: len(posted.acknowledged) >= 20, timeout=BOUND)
    tasks = await cramped.finished([*running, *posted.acknowledged], timeout=BOUND)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}
    assert set(runs_of(trace).values()) == {1}
    assert "No space left on device" in server.log
    assert cramped.stats()["pending"] == len(ahead)
    assert pids(cramped) == before


def fill(ballast: Path) -> None:
    """Write until the disk takes no more."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(8192)) == 8192:
                pass
        except OSError:
            return
