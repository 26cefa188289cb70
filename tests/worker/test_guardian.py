"""What the worker starts dies with it, with everything that started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cluster.worker import orphans
from cluster.worker.guardian import Guardian
from cluster.worker.spawned import Spawned
from tests.fixtures.eventually import eventually


def sleeper() -> subprocess.Popen[bytes]:
    """A group of two: a shell and what it started."""
    return subprocess.Popen(["sh", "-c", "sleep 600 & wait"], start_new_session=True)


def program_of(guardian: Guardian) -> psutil.Process:
    program = guardian._program
    assert program is not None
    return psutil.Process(program.pid)


async def test_the_end_of_its_input_kills_the_groups_that_are_left() -> None:
    left, gone = sleeper(), sleeper()
    (grandchild,) = await eventually(lambda: psutil.Process(left.pid).children())
    program = subprocess.Popen([sys.executable, "-I", "-S", orphans.__file__], stdin=subprocess.PIPE)
    # A group that is no more does not keep it from the others.
    program.communicate(f"+{2**22 + 1}\n+{gone.pid}\n+{left.pid}\n-{gone.pid}\n".encode())
    assert program.returncode == 0
    assert left.wait() == -signal.SIGKILL
    await eventually(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)
    assert gone.poll() is None
    os.killpg(gone.pid, signal.SIGKILL)
    gone.wait()


async def test_no_program_runs_before_there_is_something_to_guard() -> None:
    guardian = Guardian()
    await guardian.start()
    guardian.forget(1)
    assert repr(guardian) == "<Guardian groups=0 program=None>"
    await guardian.stop()
    await guardian.stop()


async def test_what_has_ended_is_forgotten_and_what_it_left_is_killed() -> None:
    guardian = Guardian()
    spawned = Spawned(["sh", "-c", "sleep 600 & echo $!"], {"PATH": "/usr/bin:/bin"}, guardian, stdout=subprocess.PIPE)
    assert "groups=1" in repr(guardian)
    output = spawned.outputs[0]
    assert output is not None
    pid = int(output.readline())
    assert await spawned.exit_code() == 0
    assert "groups=0" in repr(guardian)
    await eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    output.close()
    await guardian.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signals_that_stop_a_service_do_not_stop_it(number: signal.Signals) -> None:
    guardian, guarded = Guardian(), sleeper()
    guardian.watch(guarded.pid)
    program = program_of(guardian)
    await eventually(lambda: _ignores(program.pid, number))
    program.send_signal(number)
    await guardian.stop()
    assert guarded.wait() == -signal.SIGKILL


def _ignores(pid: int, number: int) -> bool:
    with Path(f"/proc/{pid}/status").open() as status:
        (mask,) = [int(line.split()[1], 16) for line in status if line.startswith("SigIgn:")]
    return bool(mask >> (number - 1) & 1)


async def test_a_guardian_that_was_killed_is_replaced_and_knows_what_the_first_knew() -> None:
    guardian, first, second = Guardian(), sleeper(), sleeper()
    guardian.watch(first.pid)
    killed = program_of(guardian)
    killed.kill()
    await eventually(lambda: killed.status() == psutil.STATUS_ZOMBIE)
    guardian.watch(second.pid)
    assert program_of(guardian).pid != killed.pid
    await guardian.stop()
    assert (first.wait(), second.wait()) == (-signal.SIGKILL, -signal.SIGKILL)


async def test_a_guardian_that_was_stopped_holds_nobody() -> None:
    guardian = Guardian()
    guardian.watch(2**22 + 1)
    stopped = program_of(guardian)
    stopped.suspend()
    for group in range(2**22 + 2, 2**22 + 20_000):
        guardian.watch(group)
        guardian.forget(group)
        if program_of(guardian).pid != stopped.pid:
            break
    assert program_of(guardian).pid != stopped.pid
    await guardian.stop()
