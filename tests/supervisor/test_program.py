"""The supervisor as a process: signals, exit codes, and what is left behind. Nothing is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.fixtures.eventually import eventually
from tests.supervisor.fixtures.troupe import Troupe, state

CHECKOUT = Path(__file__).parents[2]


class Program:
    """A supervisor with actors, in a process group of its own as a shell would start it."""

    def __init__(self, troupe: Troupe, *arguments: str) -> None:
        self.troupe = troupe
        self._log = troupe.folder / "log"
        env = {name: value for name, value in os.environ.items() if not name.startswith("TASKMASTER_")}
        env |= {"COORDINATOR_ADDRESS": "127.0.0.1:9", "LOG_FORMAT": "json", "TASKMASTER_HOME": str(troupe.folder)}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.supervisor.fixtures.program", str(troupe.folder), *arguments],
                cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip

    @property
    def log(self) -> list[str]:
        return self._log.read_text().splitlines()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    async def started(self, *names: str) -> list[psutil.Process]:
        """Waits for these actors and those that are always there; all children that run then."""
        everybody = ("postgres", "coordinator", *names)
        await eventually(lambda: all(self.troupe.started(name) for name in everybody), timeout=20)
        return self.children()

    async def ended(self) -> int:
        [code] = await eventually(lambda: [code] if (code := self.process.poll()) is not None else [], timeout=20)
        return code

    def drained(self) -> list[str]:
        return [line.split()[0] for line in self.troupe.lines() if line.endswith("drains")]


Start = Callable[..., Program]


@pytest.fixture
def start(troupe: Troupe) -> Iterator[Start]:
    programs: list[Program] = []

    def begin(*arguments: str) -> Program:
        programs.append(Program(troupe, *arguments))
        return programs[-1]

    yield begin
    for program in programs:
        if program.process.poll() is None:
            for child in program.children():
                child.kill()
        program.process.kill()
        program.process.wait()


async def nobody_lives(processes: list[psutil.Process]) -> None:
    await eventually(lambda: not [process for process in processes if state(process.pid) not in {"", "Z"}])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_the_first_signal_drains_in_order_and_ends_with_0(start: Start, number: signal.Signals) -> None:
    program = start("2")
    children = await program.started("worker-1", "worker-2")
    assert len(children) == 4

    program.process.send_signal(number)

    assert await program.ended() == 0
    assert sorted(program.drained()[:2]) == ["worker-1", "worker-2"]
    assert program.drained()[2:] == ["coordinator", "postgres"]
    await nobody_lives(children)


async def test_ctrl_c_in_a_terminal_reaches_the_supervisor_alone(start: Start) -> None:
    program = start("1")
    await program.started("worker-1")

    os.killpg(program.process.pid, signal.SIGINT)

    # An actor that got the SIGINT itself would have died of it, with a traceback.
    assert await program.ended() == 0
    assert program.drained() == ["worker-1", "coordinator", "postgres"]
    assert not [line for line in program.log if "Traceback" in line]


async def test_the_second_signal_stops_at_once(start: Start) -> None:
    program = start("2", "stubborn")
    children = await program.started("worker-1", "worker-2")
    program.process.send_signal(signal.SIGTERM)
    await eventually(lambda: len(program.drained()) == 2)

    program.process.send_signal(signal.SIGTERM)

    assert await program.ended() == 128 + signal.SIGTERM
    await nobody_lives(children)
    # All but the database were killed.
    assert set(program.drained()) == {"worker-1", "worker-2", "postgres"}


async def test_a_killed_supervisor_takes_its_children_with_it(start: Start) -> None:
    program = start("2", "stubborn")
    children = await program.started("worker-1", "worker-2")

    program.process.kill()

    await nobody_lives(children)
    assert program.drained() == []


async def test_no_zombie_is_kept(start: Start) -> None:
    program = start("1")
    await program.started("worker-1")
    [victim] = [child for child in program.children() if "worker-1" in child.cmdline()]

    victim.kill()

    await eventually(lambda: program.troupe.lines().count("worker-1 started") == 2)
    assert [child.status() for child in program.children() if child.status() == psutil.STATUS_ZOMBIE] == []


async def test_giving_up_is_told_in_the_last_line_and_by_the_exit_code(start: Start) -> None:
    program = start("2", "fail", "78", "TASKMASTER_TASKS", "names", "no", "module")

    assert await program.ended() == 78
    assert program.log[-1] == "taskmaster supervisor: worker-1 cannot start: TASKMASTER_TASKS names no module"
    assert not [line for line in program.log if "Traceback" in line]
