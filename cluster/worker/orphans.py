"""The program that ends what a worker leaves behind when it is killed: `python -I -S orphans.py`, nothing else.

It reads `+GROUP` and `-GROUP` lines, and at the end of its input kills the process groups that are left. Its input ends
when the worker does, however it does. It imports nothing but what every interpreter has: it starts in 10 ms.
"""

import os
import signal
import sys
from typing import BinaryIO


def read(lines: BinaryIO) -> set[int]:
    """The process groups that are left when the input ends."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line.startswith(b"+") else groups.discard)(int(line[1:]))
    return groups


def kill(groups: set[int]) -> None:
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # gone, or by now another user's
            continue


def run() -> int:
    # Whoever stops a whole service signals all its processes. Ours ends when the worker has.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    kill(read(sys.stdin.buffer))
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
