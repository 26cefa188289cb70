"""The same as an ordinary user, who owns nothing but a home."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.conftest import ending_well

ORDINARY = "nobody"
"""Exists on every machine and has no rights."""


def interpreter_for(user: str) -> str | None:
    """A Python of our version that this user may run: ours may lie in a folder that only root can enter."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}", shutil.which(version)):
        if candidate and may_run(candidate, user):
            return candidate
    return None


def may_run(interpreter: str, user: str) -> bool:
    try:
        done = subprocess.run([interpreter, "-c", "pass"], user=user, extra_groups=[], cwd="/", check=False)
    except (PermissionError, FileNotFoundError):
        return False
    return done.returncode == 0


@pytest.fixture
def theirs() -> Iterator[RunningCluster]:
    """A cluster of an ordinary user: of ourselves, unless we are root."""
    if os.geteuid() != 0:
        with ending_well(RunningCluster()) as cluster:
            yield cluster
        return
    interpreter = interpreter_for(ORDINARY)
    if interpreter is None:
        pytest.skip(f"no Python that {ORDINARY} may run")
    with ending_well(RunningCluster(user=ORDINARY, interpreter=interpreter)) as cluster:
        yield cluster


async def test_an_ordinary_user_runs_the_cluster(theirs: RunningCluster) -> None:
    await theirs.up(workers=1)

    tasks = await theirs.finished(theirs.enqueue_many("noop", 10))

    assert {task["status"] for task in tasks} == {"COMPLETE"}
    owners = {process.uids().effective for process in theirs.processes("cluster.worker")}
    assert 0 not in owners
