"""Programs as children of a test: start, signal, wait, and find whatever a cluster has running."""

import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).resolve().parents[2]


def free_ports(count: int) -> list[int]:
    """TCP ports of loopback that nobody listens on at this moment, all different."""
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Program:
    """One program in a process group of its own, its output appended to `log`. State: the process."""

    def __init__(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, user: str | None = None
    ) -> None:
        self.arguments = list(arguments)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.arguments, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, user=user, group=_group_of(user), extra_groups=None if user is None else [],
            )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Program {self.pid} {' '.join(self.arguments[1:])} exit={self.exit_code}>"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; -n when signal n ended it."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """To the program alone, as `kill` does."""
        self._process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """SIGINT to the whole process group, as a terminal does."""
        os.killpg(self.pid, signal.SIGINT)

    def wait(self, timeout: float = 30) -> int:
        """The exit code; raises TimeoutExpired."""
        return self._process.wait(timeout)


def _group_of(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def living_in(home: Path) -> list[psutil.Process]:
    """Every process that was started for the cluster in `home`, whoever is its parent by now.

    A role has the home in its environment; PostgreSQL's processes rewrite theirs, but work in a folder below it.
    """
    return [process for process in psutil.process_iter() if _lives_in(process, str(home))]


def _lives_in(process: psutil.Process, home: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return (
            process.environ().get("TASKMASTER_HOME") == home
            or (process.cwd() + "/").startswith(home + "/")
            or any(home in argument for argument in process.cmdline())
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def kill_all(home: Path) -> None:
    """SIGKILL to everything of the cluster in `home`, at once."""
    for process in living_in(home):
        # Many die with the supervisor, before it is their turn.
        with suppress(psutil.NoSuchProcess):
            process.kill()


def arguments_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing when it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one of these
        return []


def describe(processes: Sequence[psutil.Process]) -> list[str]:
    """One line for each, for a failure's message."""
    return [f"{process.pid} {' '.join(arguments_of(process))[:200]}" for process in processes]
