"""Whatever the worker starts dies with it, also by SIGKILL, with everything that it has started itself.

The kernel can kill our children with us (PDEATHSIG), but not theirs. So a small program of its own (`orphans`) knows
which process groups are ours, and kills them when the pipe from us to it breaks. Only what leaves its group on purpose
escapes.
"""

import asyncio
import os
import subprocess
import sys
import threading

from cluster.runtime import telemetry
from cluster.worker import orphans

LEAVE_SECONDS = 2.0


class Guardian:
    """Tells `orphans` what to watch; the program is started with the first group, and again if it is gone.

    From whichever thread starts programs. State, under the lock: the groups that live, and the program.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._program: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<Guardian groups={len(self._groups)} program={self._program and self._program.pid}>"

    async def start(self) -> None:
        """Nothing: most workers never start a program."""

    async def stop(self) -> None:
        """The end of its input ends the program, and kills the groups that are left."""
        with self._lock:
            program, self._program = self._program, None
        if program is not None:
            await asyncio.to_thread(_end, program)

    def watch(self, group: int) -> None:
        """From now on this process group dies with us."""
        with self._lock:
            self._groups.add(group)
            if not self._tell(f"+{group}\n"):
                self._begin()

    def forget(self, group: int) -> None:
        """It is gone, and its number may be another's soon."""
        with self._lock:
            self._groups.discard(group)
            if self._program is not None and not self._tell(f"-{group}\n"):
                self._begin()

    def _tell(self, line: str) -> bool:
        """False when the program does not take it: it is gone, or was stopped so long ago that the pipe is full."""
        if self._program is None or self._program.stdin is None:
            return False
        try:
            # One line is less than a pipe takes at once: written whole or not at all.
            return os.write(self._program.stdin.fileno(), line.encode()) > 0
        except OSError as error:
            telemetry.emit("guardian_lost", level="warning", error=str(error))
            return False

    def _begin(self) -> None:
        if self._program is not None:
            self._program.kill()
            _end(self._program)
        try:
            self._program = _started()
        except OSError as error:
            # What it would watch goes on all the same; the next one tries again.
            self._program = None
            telemetry.emit("guardian_lost", level="warning", error=str(error))
        for group in self._groups:
            self._tell(f"+{group}\n")


def _started() -> subprocess.Popen[bytes]:
    program = subprocess.Popen(  # noqa: S603 - argv is ours
        [sys.executable, "-I", "-S", orphans.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C on a terminal, and whoever kills the worker's group, must not reach it.
        start_new_session=True,
        cwd="/",
        bufsize=0,
    )
    if program.stdin is not None:
        # Nothing waits for it, least of all an event loop.
        os.set_blocking(program.stdin.fileno(), False)
    return program


def _end(program: subprocess.Popen[bytes]) -> None:
    if program.stdin is not None:
        program.stdin.close()
    try:
        program.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
