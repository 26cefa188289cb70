"""A program started beside gRPC, watched without blocking.

Not `asyncio.create_subprocess_exec`: uvloop forks, gRPC's fork handlers then run in the child, and one start in twenty
ended with SIGSEGV before its exec. `subprocess` uses vfork, which runs no handlers.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Any

from cluster.worker.guardian import Guardian

POLL_SECONDS = 0.02
"""Where the kernel does not tell when a process ends."""

Stream = int | IO[Any] | None


class Spawned:
    """One process, the leader of a process group of its own. State: the process."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        guardian: Guardian,
        *,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
    ) -> None:
        """Returns when the program runs; from then on `guardian` watches its group. Raises OSError when it cannot be
        run.
        """
        self._guardian = guardian
        # A group of its own: Ctrl-C on a terminal is for the worker, and what the program starts is killed with it.
        self._process = subprocess.Popen(  # noqa: S603 - argv is ours, or allowed by name
            argv, env=dict(environment), stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
        guardian.watch(self._process.pid)

    def __repr__(self) -> str:
        return f"<Spawned {self._process.pid} code={self._process.returncode}>"

    @property
    def alive(self) -> bool:
        """Whether its program runs. What that leaves behind in its group is killed when this first says no."""
        if self._process.returncode is None and _has_ended(self._process.pid):
            # Before reaping: until then no other process can get this pid, and with it the name of the group.
            self.kill()
            self._process.wait()
            self._guardian.forget(self._process.pid)
        return self._process.returncode is None

    def kill(self) -> None:
        """SIGKILL to the whole group, as long as its leader is not reaped."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def exit_code(self) -> int:
        """How it ended, once it has: its exit code, or minus the signal."""
        while self.alive:
            await self._ended()
        return int(self._process.returncode)

    @property
    def outputs(self) -> tuple[IO[bytes] | None, IO[bytes] | None]:
        """Our ends of its stdout and stderr, where they are pipes."""
        return self._process.stdout, self._process.stderr

    async def _ended(self) -> None:
        if not hasattr(os, "pidfd_open"):
            await asyncio.sleep(POLL_SECONDS)
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        descriptor = os.pidfd_open(self._process.pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def how_it_ended(code: int) -> str:
    """For people: `exit code 3`, `signal SIGSEGV`."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
