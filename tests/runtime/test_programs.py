"""How a role's program begins and ends: real processes, real signals, exit codes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.runtime.reasons import REASON_VARIABLE, voice
from cluster.runtime.signals import PARENT_VARIABLE
from tests.fixtures.eventually import eventually

ROLE = Path(__file__).parent / "fixtures" / "role.py"
CANNOT_START = 78


def environment(**more: str) -> dict[str, str]:
    lent = {name: value for name, value in os.environ.items() if not name.startswith("TASKMASTER_")}
    loop = {name: value for name, value in os.environ.items() if name == "TASKMASTER_LOOP"}
    return {**lent, **loop, "LOG_FORMAT": "json", **more}


@contextmanager
def running(*part: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(ROLE), *part], env=environment(**env), stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def run(*part: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROLE), *part],
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def hears(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().startswith(word)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_first_signal_asks_for_a_drain(number: signal.Signals) -> None:
    with running("drain") as process:
        hears(process, "ready")
        process.send_signal(number)
        hears(process, "draining")

        assert process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_ends_it_at_once(number: signal.Signals) -> None:
    with running("drain", "slowly") as process:
        hears(process, "ready")
        process.send_signal(signal.SIGTERM)
        hears(process, "draining")
        process.send_signal(number)
        hears(process, "at once")

        assert process.wait(20) == 128 + number


def test_a_program_under_nohup_outlives_its_terminal() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with running("drain") as process:
            hears(process, "ready")
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            hears(process, "draining")

            # Had SIGHUP counted, this would have been the second signal.
            assert process.wait(20) == 0
    finally:
        signal.signal(signal.SIGHUP, previous)


@pytest.mark.parametrize(
    ("part", "code", "line"),
    [
        ("cannot", CANNOT_START, "taskmaster role: port 8081 is in use"),
        ("newer", CANNOT_START, "taskmaster role: The database schema does not fit this version of TaskMaster."),
        ("away", 1, "taskmaster role: PostgreSQL is away"),
    ],
)
def test_an_error_of_ours_is_one_line_and_an_exit_code(part: str, code: int, line: str) -> None:
    done = run(part)

    assert (done.returncode, done.stderr.splitlines(), done.stdout) == (code, [line], "")


def test_a_wrong_setting_is_one_line_too() -> None:
    done = run("drain", WORKERS="many")

    assert done.returncode == CANNOT_START
    assert done.stderr.splitlines() == ["taskmaster role: WORKERS='many' must be a whole number from 1 to 50"]


def test_a_wrong_event_loop_is_one_line_too() -> None:
    done = run("drain", TASKMASTER_LOOP="trio")

    assert done.returncode == CANNOT_START
    assert done.stderr.splitlines() == ["taskmaster role: TASKMASTER_LOOP='trio' must be one of: uvloop, asyncio"]


def test_a_bug_shows_its_traceback() -> None:
    done = run("bug")

    assert done.returncode == 1
    assert "KeyError: 'a bug'" in done.stderr


def test_a_parent_that_asked_is_told_the_reason_and_nobody_else() -> None:
    hearing, telling = os.pipe()
    with os.fdopen(hearing) as heard:
        done = subprocess.run(
            [sys.executable, str(ROLE), "cannot"],
            env=environment(**{REASON_VARIABLE: str(telling)}),
            capture_output=True, text=True, timeout=60, check=False, pass_fds=(telling,),
        )  # fmt: skip
        os.close(telling)

        assert heard.read() == "port 8081 is in use"
    assert (done.returncode, done.stderr) == (CANNOT_START, "")


@pytest.mark.parametrize("descriptor", ["999", "x", "-1", ""])
def test_a_parent_that_cannot_be_told_is_no_obstacle(descriptor: str) -> None:
    done = run("cannot", **{REASON_VARIABLE: descriptor})

    assert done.stderr.splitlines() == ["taskmaster role: port 8081 is in use"]


def test_the_bond_to_a_parent_is_not_handed_on_to_grandchildren() -> None:
    hearing, telling = os.pipe()
    done = subprocess.run(
        [sys.executable, str(ROLE), "parent"],
        env=environment(**{PARENT_VARIABLE: str(os.getpid()), REASON_VARIABLE: str(telling), "TASKMASTER_HOME": "/x"}),
        capture_output=True, text=True, timeout=60, check=False, pass_fds=(telling,),
    )  # fmt: skip
    os.close(hearing)
    os.close(telling)

    assert "TASKMASTER_HOME" in done.stdout, done.stderr
    assert PARENT_VARIABLE not in done.stdout
    assert REASON_VARIABLE not in done.stdout


def test_the_descriptor_for_the_reason_stays_with_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    hearing, telling = os.pipe()
    os.set_inheritable(telling, True)
    monkeypatch.setenv(REASON_VARIABLE, str(telling))

    voice("role")

    assert not os.get_inheritable(telling)
    assert REASON_VARIABLE not in os.environ
    os.close(hearing)
    os.close(telling)


async def test_a_child_dies_with_its_parent_even_when_that_is_killed() -> None:
    starts = (
        "import os, subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, {str(ROLE)!r}, 'drain', 'slowly'],"
        f" env={{**os.environ, {PARENT_VARIABLE!r}: str(os.getpid())}}, start_new_session=True);"
        "time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starts], env=environment(), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline().split()[1])

        parent.kill()

        await eventually(lambda: not alive(child))


async def test_a_child_whose_parent_was_gone_before_it_asked_does_not_live_on() -> None:
    with running("drain", **{PARENT_VARIABLE: "1"}) as process:
        assert process.wait(20) == -signal.SIGKILL


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
