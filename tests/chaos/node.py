"""One role of the cluster with a saboteur inside: `python -m tests.chaos.node ROLE`.

It runs the role's own program. Before that it puts crash points around its commits and messages, a wall clock that can
be set, and for workers a stammer; a thread then does what the control file of its name says. The name and the folders
come by the environment, which a supervisor hands on to its workers.
"""

import importlib
import os
import sys
import threading
import time
from pathlib import Path

from tests.chaos.clock import SkewedClock

CLOCK = SkewedClock()
if __name__ == "__main__":
    CLOCK.install()

# Only now: these import what takes the time by name.
from cluster.supervisor.runtimes.processes import roles  # noqa: E402
from cluster.wire.channel import Server  # noqa: E402
from tests.chaos import tokens  # noqa: E402
from tests.chaos.cast import HISTORY_VARIABLE, NAME_VARIABLE, PLACES_VARIABLE, Places  # noqa: E402
from tests.chaos.control import Controls  # noqa: E402
from tests.chaos.crash_points import CrashPoint, Trap  # noqa: E402
from tests.chaos.history import Recorder  # noqa: E402
from tests.chaos.repeats import Repeats  # noqa: E402

SABOTAGE_VARIABLE = "CHAOS_SABOTAGE"
"""Names a switch of `sabotage`, to see a whole run find it."""
LOOK = 0.1
"""Seconds between two looks at the control file."""


class Saboteur:
    """What is done to this process. State: the text of the control file that was read last."""

    def __init__(self, role: str, name: str, controls: Controls, recorder: Recorder) -> None:
        self._role, self._name, self._controls, self._recorder = role, name, controls, recorder
        self._trap = Trap(self._crashed)
        self._repeats = Repeats()

    def install(self) -> None:
        """Everything of the role is imported by now."""
        self._trap.install(self._role)
        if self._role == "worker":
            self._repeats.install()
            tokens.install()
        self.obey()
        threading.Thread(target=self._watch, name="saboteur", daemon=True).start()

    def obey(self) -> None:
        """Do what the control file says now."""
        control = self._controls.read(self._name)
        CLOCK.seconds = control.clock
        self._repeats.on = control.repeat
        self._trap.set(CrashPoint.parse(control.crash) if control.crash else None)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK)
            self.obey()

    def _crashed(self, point: CrashPoint) -> None:
        # Used up, or the next life would die of it too.
        self._controls.change(self._name, crash="")
        for phase in ("begin", "end"):
            self._recorder.write(
                "fault", fault=f"crash {point}", target=self._name, phase=phase, target_pid=os.getpid()
            )


class Announced(Server):
    """A server that is reached through a line: it tells the line's port. State: as Server."""

    line_port = 0

    async def start(self) -> None:
        await super().start()
        self.port = self.line_port


def chaos_program(module: str) -> tuple[str, ...]:
    """What a supervisor starts instead of a role: the same role, with a saboteur inside."""
    return (sys.executable, "-m", "tests.chaos.node", module.rpartition(".")[2])


def prepare(role: str, name: str, places: Places) -> None:
    """The lines of this process instead of direct connections."""
    if role == "supervisor":
        roles.program = chaos_program
    elif role == "worker":
        home = places.worker(name)
        os.environ["WORKER_PORT"] = str(home.port)
        os.environ["COORDINATOR_ADDRESS"] = ",".join(f"127.0.0.1:{port}" for port in home.coordinator_lines)
        Announced.line_port = home.line_port


def run(role: str) -> int:
    """The exit code of the role."""
    folder = Path(os.environ[HISTORY_VARIABLE])
    name = os.environ["WORKER_NAME"] if role == "worker" else os.environ[NAME_VARIABLE]
    controls = Controls(folder.parent / "control")
    (folder.parent / "pids" / name).write_text(str(os.getpid()))
    prepare(role, name, Places.decode(os.environ[PLACES_VARIABLE]))
    program = importlib.import_module(f"cluster.{role}.__main__")
    if role == "worker":
        program.Server = Announced  # type: ignore[attr-defined]
    if broken := os.environ.get(SABOTAGE_VARIABLE):
        # Not at the top: it imports PostgreSQL's driver and the edge, and the memory of every role is measured here.
        importlib.import_module("tests.chaos.sabotage").install(broken)
    Saboteur(role, name, controls, Recorder(folder / f"{name}.jsonl", name)).install()
    sys.argv = [f"cluster.{role}"]
    return int(program.run())


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1]))
