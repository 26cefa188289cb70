"""Programs that the bench starts, and ends."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

import psutil


@contextmanager
def program(module: str, environment: Mapping[str, str], log: IO[bytes]) -> Iterator[psutil.Popen]:
    """`python -m module`, asked to end when the block is left.

    In a session of its own: Ctrl-C on the terminal is for the bench, which then ends its programs in their order.
    """
    argv = [sys.executable, "-m", module]
    process = psutil.Popen(argv, env=dict(environment), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
