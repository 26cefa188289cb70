"""One real process: spawned, told, reaped."""

import os
import signal
import sys
from pathlib import Path

import pytest

from cluster.runtime.settings import Settings
from cluster.supervisor.runtimes.processes import roles
from cluster.supervisor.runtimes.processes.process import Process
from tests.fixtures.eventually import eventually
from tests.supervisor.fixtures.troupe import Troupe, state


def spawn(*argv: str, **more: bool) -> Process:
    return Process(argv, {}, lambda: None, **more)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def ended(process: Process) -> int:
    """Its exit code; -0 and 0 are the same, so the fact is wrapped."""
    [code] = await eventually(lambda: [code] if (code := process.reap(sweep=True)) is not None else [])
    return code


async def test_the_end_of_a_child_is_told_at_once() -> None:
    told: list[bool] = []
    process = Process([sys.executable, "-c", "pass"], {}, lambda: told.append(True))

    await eventually(lambda: told)

    assert await ended(process) == 0


async def test_a_child_that_ended_is_no_zombie_once_it_was_reaped() -> None:
    process = spawn("true")
    await eventually(lambda: state(process.pid) == "Z")

    await ended(process)

    assert state(process.pid) == ""


async def test_a_reaped_child_leaves_no_descriptor_open() -> None:
    before = open_descriptors()
    process = spawn("true")
    await ended(process)
    process.last_words()

    assert open_descriptors() == before


async def test_a_child_says_in_its_own_words_why_it_ended(troupe: Troupe) -> None:
    process = spawn(*troupe.role("edge", 0, "fail", "78", "port", "8081", "is", "in", "use").argv)

    assert await ended(process) == 78
    assert process.last_words() == "port 8081 is in use"


async def test_a_child_with_much_to_say_is_cut_short_and_not_blocked() -> None:
    process = spawn(sys.executable, "-c", "from cluster.runtime.reasons import voice; voice('edge')('long ' * 100_000)")

    assert await ended(process) == 0
    assert process.last_words().startswith("long long")


@pytest.mark.parametrize(
    ("code", "words"), [("import sys; sys.exit(3)", "exit code 3"), ("import os; os.abort()", "killed by SIGABRT")]
)
async def test_a_child_that_said_nothing_is_described_by_its_exit_code(code: str, words: str) -> None:
    process = spawn(sys.executable, "-c", code)
    await ended(process)

    assert process.last_words() == words


async def test_a_child_leads_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it() -> None:
    process = spawn("sleep", "600")

    assert os.getsid(process.pid) == os.getpgid(process.pid) == process.pid

    process.signal(signal.SIGKILL)
    assert await ended(process) == -signal.SIGKILL


async def test_whether_a_child_heeds_a_signal_is_known_while_it_runs_and_when_it_has_crashed(troupe: Troupe) -> None:
    deaf, process = spawn("sleep", "600"), spawn(*troupe.worker(1).argv)

    await eventually(lambda: process.heeds(signal.SIGTERM))
    assert not process.heeds(signal.SIGHUP)
    assert not deaf.heeds(signal.SIGTERM)

    for each in (deaf, process):
        each.signal(signal.SIGKILL)
        await eventually(lambda each=each: state(each.pid) == "Z")
    assert process.heeds(signal.SIGTERM)
    assert not deaf.heeds(signal.SIGTERM)
    await ended(deaf)
    await ended(process)


async def test_a_worker_heeds_sigterm_once_its_task_modules_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "slow_tasks.py").write_text(
        "import time\nfrom pathlib import Path\n"
        f"Path({str(tmp_path)!r}, 'loading').touch()\n"
        f"while not Path({str(tmp_path)!r}, 'go').exists():\n    time.sleep(0.02)\n"
    )
    worker = roles.worker(Settings.from_env({"TASKMASTER_HOME": str(tmp_path)}), 1)
    more = {"TASKMASTER_TASKS": "slow_tasks", "PYTHONPATH": str(tmp_path), "COORDINATOR_ADDRESS": "127.0.0.1:9"}
    process = Process(worker.argv, {**worker.env, **more}, lambda: None)

    await eventually((tmp_path / "loading").exists)
    assert not process.heeds(signal.SIGTERM)
    (tmp_path / "go").touch()
    await eventually(lambda: process.heeds(signal.SIGTERM))

    process.signal(signal.SIGKILL)
    assert await ended(process) == -signal.SIGKILL


async def test_what_a_dead_child_left_behind_is_killed(troupe: Troupe) -> None:
    process = spawn(*troupe.worker(1, "litter").argv)
    await ended(process)
    [left] = [int(line.split()[-1]) for line in troupe.lines() if "left" in line]

    await eventually(lambda: state(left) in {"", "Z"})
    assert process.last_words() == "killed by SIGKILL"


async def test_a_program_that_does_not_exist_leaves_nothing_open() -> None:
    before = open_descriptors()

    with pytest.raises(FileNotFoundError):
        spawn("/no/such/program")

    assert open_descriptors() == before


async def test_a_signal_to_a_child_that_was_reaped_hits_nobody() -> None:
    process = spawn("true")
    await ended(process)

    process.signal(signal.SIGKILL)
