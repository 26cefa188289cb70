"""Locust itself against a real cluster: what it reports, and how it ends."""

import asyncio
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import CHECKOUT, living_in
from tests.fixtures.eventually import eventually

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("locust") is None, reason="Locust is not installed: nox -s locust_tests"
)

PERF = CHECKOUT / "perf"
LOCUSTFILE = PERF / "locustfile.py"
LOSES_A_TASK = Path(__file__).parent / "fixtures" / "lost_task.py"
BRIEF = ("--users", "6", "--run-time", "3s", "--batch", "10")


@pytest.fixture(scope="module")
def cluster():
    running = RunningCluster()
    try:
        asyncio.run(running.up(workers=2))
        yield running
        asyncio.run(running.stop())
    finally:
        running.remove()


def locust(*arguments, files=(LOCUSTFILE,)):
    command = [sys.executable, "-m", "locust", "-f", ",".join(map(str, files)), *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(PERF)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)


def against(cluster, folder, *arguments, files=(LOCUSTFILE,)):
    """A brief run; the process, and its verdict."""
    host, verdict = f"http://127.0.0.1:{cluster.edge_port}", folder / "verdict.json"
    options = ("--headless", "--only-summary", "--host", host, "--verdict", verdict, "--html", folder / "report.html")
    done = locust(*options, *BRIEF, *arguments, files=files)
    assert verdict.exists(), done.stderr
    return done, json.loads(verdict.read_text())


def test_locust_finds_the_users():
    done = locust("--list")
    assert done.returncode == 0, done.stderr
    assert {"SinglePoster", "BatchPoster", "Reader", "Watcher"} <= set(done.stdout.split())


@pytest.mark.parametrize("processes", [(), ("--processes", 2)], ids=["one process", "several"])
def test_when_all_is_finished_it_ends_with_0_and_a_report(cluster, tmp_path, processes):
    done, verdict = against(cluster, tmp_path, *processes)
    assert (done.returncode, verdict["problems"]) == (0, []), done.stderr
    accounts = verdict["accounts"]
    assert accounts["ends"] == {"COMPLETE": accounts["acknowledged"]}
    posts = {one["kind"]: one["requests"] for one in verdict["figures"]}
    assert accounts["acknowledged"] == posts["POST /api/schedule"] + 10 * posts["POST /api/schedule/batch"]
    assert verdict["seen"]["events"] > 0
    assert "/api/schedule/batch" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("processes", [(), ("--processes", 2)], ids=["one process", "several"])
def test_a_lost_task_is_found(cluster, tmp_path, processes):
    done, verdict = against(cluster, tmp_path, *processes, files=(LOCUSTFILE, LOSES_A_TASK))
    assert done.returncode == 1
    [problem] = verdict["problems"]
    assert "UNKNOWN" in problem and "00000000dead" in problem


def test_a_p99_over_its_limit_is_an_error(cluster, tmp_path):
    done, verdict = against(cluster, tmp_path, "--p99", "0.01", "SinglePoster")
    assert done.returncode == 1
    assert verdict["problems"] and all("p99" in problem for problem in verdict["problems"])


async def test_ctrl_c_ends_the_load_checks_what_there_is_and_leaves_nothing():
    folder = Path(tempfile.mkdtemp(prefix="tm-"))
    # The embedded server of root is another user, who must get in.
    folder.chmod(0o755)
    command = [sys.executable, PERF / "locust_run.py", "--workers", "1", "--results", folder / "results", *BRIEF[:2]]
    env = {**os.environ, "TMPDIR": str(folder)}
    run = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        await eventually(lambda: "All users spawned" in logs(folder), timeout=60)
        run.send_signal(signal.SIGINT)
        said, _ = await asyncio.to_thread(run.communicate, timeout=60)
        assert run.returncode == 0, said + logs(folder)
        assert "every acknowledged task is finished" in said
        assert list(folder.glob("results/*/report.html"))
        assert not living_in(folder)
        assert not list(folder.glob("taskmaster-locust-*"))
    finally:
        run.kill()
        for left in living_in(folder):
            left.kill()
        shutil.rmtree(folder, ignore_errors=True)


def logs(folder):
    return "".join(log.read_text() for log in folder.glob("results/*/locust.log"))
