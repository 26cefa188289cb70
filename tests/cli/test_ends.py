"""How commands end: one line on stderr and the exit code that says what kind of failure it was."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.fixtures.command_line import taskmaster

CLIENT_COMMANDS = [
    ["enqueue", "noop"],
    ["tasks"],
    ["workers"],
    ["stats"],
    ["logs"],
    ["logs", "-f"],
    ["scale", "2"],
    ["kill", "x"],
    ["cancel", "--queue", "x"],
    ["retry", "0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70"],
]


def run(*arguments, **variables):
    return taskmaster(*arguments, env={**os.environ, **variables})


@pytest.mark.parametrize("arguments", CLIENT_COMMANDS, ids=" ".join)
def test_an_edge_that_does_not_answer_is_one_line(arguments):
    done = run(*arguments, TASKMASTER_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"taskmaster {arguments[0]}: the edge does not answer at http://127.0.0.1:9")
    assert "taskmaster up" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"TASKMASTER_URL": "nonsense"}, "nonsense"),
        ({"TASKMASTER_URL": "", "SCHEDULER_PORT": "nonsense"}, "SCHEDULER_PORT"),
    ],
)
def test_a_setting_that_is_wrong_is_one_line_and_78(variables, named):
    done = run("stats", **variables)
    assert (done.returncode, done.stdout) == (78, "")
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_option_wins_over_the_environment():
    done = run("stats", "--url", "http://127.0.0.1:9", TASKMASTER_URL="nonsense")
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stderr


def test_ctrl_c_is_quiet_and_130():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "cluster.cli", "enqueue", "noop"],
            env={**os.environ, "TASKMASTER_URL": f"http://127.0.0.1:{listener.getsockname()[1]}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        # It has connected and now waits for an answer that never comes.
        with listener.accept()[0]:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_the_program_ends_with_what_run_says():
    command = [sys.executable, "-m", "cluster.cli", "stats", "--url", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (78, "")
    assert len(done.stderr.splitlines()) == 1
