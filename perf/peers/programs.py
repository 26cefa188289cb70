"""Programs that the bench starts; none of them outlives it."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

_PR_SET_PDEATHSIG = 1


class Ended(Exception):
    """A program ended that should not have, or badly; the message has its last words."""


class Program:
    """One program and all that it starts, in a session of their own: Ctrl-C is for the bench, which ends them.

    State: the process; the kernel kills it with us, even if we are killed ourselves.
    """

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], folder: Path, log: IO[bytes], *, piped: bool
    ) -> None:
        self.name = " ".join(Path(word).name for word in argv)
        self._process = psutil.Popen(
            list(argv), env=dict(env), cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else log, stderr=log, start_new_session=True, preexec_fn=_die_with_us(),
        )  # fmt: skip

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    async def output(self, seconds: float) -> str:
        """What it said, once it has ended. Raises Ended if it failed, TimeoutError after `seconds`."""
        try:
            said, _ = await asyncio.to_thread(self._process.communicate, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} takes longer than {seconds:g} s") from None
        if self._process.returncode != 0:
            raise Ended(f"{self.name} ended with {self._process.returncode}")
        return said.decode()

    def kill(self) -> None:
        """SIGKILL to it and all below it at once, as when their machine dies. Returns when they are gone."""
        with suppress(psutil.NoSuchProcess):
            family = [*self._process.children(recursive=True), self._process]
            # The parents first: none of them may see a child die and start another.
            for process in reversed(family):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family, timeout=10)
        self._process.wait()


def _die_with_us() -> Callable[[], None] | None:
    """For the child: SIGKILL to it when the bench ends. Its own children notice or are orphans without work."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return bind
