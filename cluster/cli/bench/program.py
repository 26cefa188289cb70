"""Programs that the bench starts, and ends."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

import psutil

from cluster.core.errors import CannotStart

END_WITHIN = 15.0
"""Seconds a program has for ending in good order."""
_LAST_WORDS = 2_000


def start(module: str, *arguments: str, environment: Mapping[str, str], log: IO[bytes]) -> psutil.Popen:
    """`python -m module`, which writes to `log`.

    In a session of its own: Ctrl-C on the terminal is for the bench, which then ends its programs in their order.
    """
    argv = [sys.executable, "-m", module, *arguments]
    return psutil.Popen(argv, env=dict(environment), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def end(processes: Sequence[psutil.Popen]) -> None:
    """Ask all of them to end, wait, kill those that do not."""
    for process in processes:
        # It may have ended by itself.
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=END_WITHIN)
    for slow in alive:
        slow.kill()
        slow.wait()


@contextmanager
def program(module: str, *arguments: str, environment: Mapping[str, str], log: IO[bytes]) -> Iterator[psutil.Popen]:
    """A program that ends with the block."""
    process = start(module, *arguments, environment=environment, log=log)
    try:
        yield process
    finally:
        end([process])


def ended(name: str, log: IO[bytes]) -> CannotStart:
    """The error that a program ended by itself, with what it wrote last."""
    log.seek(0)
    words = " ".join(log.read().decode(errors="replace").split())
    return CannotStart(f"{name} of the bench ended: {words[-_LAST_WORDS:] or 'it said nothing'}")
