"""One program that runs: spawned in a session of its own, watched through a pidfd, reaped."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cluster.runtime.reasons import REASON_BYTES, REASON_VARIABLE
from cluster.runtime.signals import PARENT_VARIABLE


class Process:
    """A child process. State: the process until it is reaped, the pidfd that tells of its end, the pipe for its reason.

    It leads a session and a process group of its own: Ctrl-C reaches the supervisor alone, which decides the order.
    Make it in the main thread: the kernel kills the child when the *thread* that started it ends.
    """

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], on_end: Callable[[], None], *, silent: bool = False
    ) -> None:
        """Raises OSError when nothing could be started. `on_end` is called on the running loop, perhaps a bit early.

        `silent`: what it writes to stdout goes nowhere.
        """
        with contextlib.ExitStack() as undo:
            self._reason, told = os.pipe()
            undo.callback(os.close, self._reason)
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    argv,
                    env={**os.environ, **env, PARENT_VARIABLE: str(os.getpid()), REASON_VARIABLE: str(told)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL if silent else None,
                    start_new_session=True,
                    pass_fds=(told,),
                )
            finally:
                os.close(told)
            undo.callback(self._process.wait)
            undo.callback(self._process.kill)
            self._end = os.pidfd_open(self.pid)
            undo.pop_all()
        os.set_blocking(self._reason, False)
        asyncio.get_running_loop().add_reader(self._end, on_end)

    def __repr__(self) -> str:
        return f"<Process {self.pid} {'runs' if self.code is None else f'ended code={self.code}'}>"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code once reaped; minus the number of the signal that killed it."""
        return self._process.returncode

    def heeds(self, number: signal.Signals) -> bool:
        """Whether it has a handler for this signal, or had one when it crashed. Ask before it is reaped.

        True where the kernel does not tell.
        """
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_bytes().splitlines():
                name, _, value = line.partition(b":")
                if name == b"SigCgt":
                    return bool(int(value, 16) & 1 << number - 1)
        return True

    def reap(self, *, sweep: bool) -> int | None:
        """The exit code if it has ended, else None. `sweep`: kill what it left behind in its process group."""
        if self.code is None and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            # Before reaping: until then no other process can get this pid and with it the name of the group.
            if sweep:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
            asyncio.get_running_loop().remove_reader(self._end)
            os.close(self._end)
            self._process.wait()
        return self.code

    def last_words(self) -> str:
        """Why it ended: in its own words if it had any, else by its exit code. Ask once, after it was reaped."""
        said = b""
        with contextlib.suppress(BlockingIOError):  # nothing was said, and something it left behind holds the pipe
            said = os.read(self._reason, REASON_BYTES)
        os.close(self._reason)
        return said.decode(errors="replace").strip() or _describe(self._process.returncode)

    def signal(self, number: signal.Signals) -> None:
        """Does nothing when it has ended; until it is reaped, its pid is nobody else's."""
        self._process.send_signal(number)


def _describe(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
