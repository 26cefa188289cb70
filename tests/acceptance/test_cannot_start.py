"""What cannot start says why in one line and exits with a code that is not 0."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import CHECKOUT, free_ports

CANNOT_START = 78


def complaint(cluster: RunningCluster, *arguments: str) -> tuple[int, list[str]]:
    """Run `taskmaster ARGUMENTS` to its end: the exit code, and the lines it wrote to stderr."""
    command = cluster.command(*arguments)
    done = subprocess.run(
        command, env=cluster.env, cwd=cluster.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    # What is no log line is meant for the person in front of it.
    return done.returncode, [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("{")]


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


@pytest.mark.parametrize("setting", ["SCHEDULER_PORT", "COORDINATOR_PORT"])
def test_a_port_in_use_is_one_clear_line(own: RunningCluster, setting: str) -> None:
    (port,) = free_ports(1)
    own.settings[setting] = f"127.0.0.1:{port}"
    with taken(port):
        code, lines = complaint(own, "up")

    assert code == CANNOT_START
    assert len(lines) == 1, lines
    assert f"port {port} is in use" in lines[0]
    assert setting in lines[0], "the line does not say what to change"


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_a_postgresql_that_is_not_there_is_one_clear_line(own: RunningCluster, command: str) -> None:
    (port,) = free_ports(1)
    own.settings["DATABASE_URL"] = f"postgresql://somebody:secret@127.0.0.1:{port}/scheduler"

    code, lines = complaint(own, command)

    assert code != 0
    assert len(lines) == 1, lines
    assert "PostgreSQL" in lines[0]
    assert str(port) in lines[0]
    assert "secret" not in lines[0]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WORKERS", "many"),
        ("WORKERS", "51"),
        ("SCHEDULER_PORT", "http://example.com"),
        ("COORDINATOR_ADDRESS", "nowhere"),
        ("DISPATCH_POLICY", "random"),
        ("DATABASE_URL", "mysql://example.com/x"),
        ("HEARTBEAT_INTERVAL", "0"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(own: RunningCluster, variable: str, value: str) -> None:
    own.settings[variable] = value

    code, lines = complaint(own, "up")

    assert code == CANNOT_START
    assert len(lines) == 1, lines
    assert variable in lines[0]


def test_a_task_module_that_does_not_exist_is_named(own: RunningCluster) -> None:
    own.settings["TASKMASTER_TASKS"] = "no_such_module"

    code, lines = complaint(own, "worker")

    assert code == CANNOT_START
    assert len(lines) == 1, lines
    assert "no_such_module" in lines[0]
    assert "TASKMASTER_TASKS" in lines[0]


def test_a_second_up_in_the_same_home_says_so_and_does_not_disturb_the_first(shared: RunningCluster) -> None:
    code, lines = complaint(shared, "up")

    assert code == CANNOT_START
    assert len(lines) == 1, lines
    assert "already" in lines[0] or "in use" in lines[0]
    assert shared.is_ready()


def old_python() -> str | None:
    """An interpreter on this machine that is older than TaskMaster takes."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in ("3.10", "3.9", "3.8", "3.7"):
        for candidate in (shutil.which(f"python{version}"), *map(str, pyenv.glob(f"{version}.*/bin/python3"))):
            if (
                candidate
                and subprocess.run([candidate, "-c", "pass"], capture_output=True, check=False).returncode == 0
            ):
                return candidate
    return None


def test_a_python_that_is_too_old_is_one_clear_line(own: RunningCluster) -> None:
    old = old_python()
    if old is None:
        pytest.skip("no Python older than 3.11 on this machine")

    done = subprocess.run(
        [old, str(CHECKOUT / "tools" / "bootstrap.py")],
        env=own.env, cwd=own.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode not in {0, None}
    lines = (done.stderr + done.stdout).splitlines()
    assert len(lines) == 1, lines
    assert "3.11" in lines[0]
