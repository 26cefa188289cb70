"""One server per data folder.

The lock is on an open file that the server inherits: it is held as long as the role or its server lives, and the kernel
frees it, so it can never be stale. The file tells the pid of the role.
"""

import asyncio
import fcntl
import os
import time
from pathlib import Path

import psutil

from cluster.core.errors import CannotStart

HANDOVER_SECONDS = 60.0
"""How long a server may take to shut down after its role was killed: a checkpoint of everything in memory."""


async def take(path: Path) -> int:
    """The descriptor that holds the lock. CannotStart when another role has it; waits for an orphaned server to end."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + HANDOVER_SECONDS
    while not _locked(descriptor):
        holder = os.pread(descriptor, 20, 0).decode().strip()
        if _alive(holder) or time.monotonic() > deadline:
            os.close(descriptor)
            raise CannotStart(f"PostgreSQL already runs on {path.with_suffix('')} (process {holder or 'unknown'})")
        await asyncio.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: str) -> bool:
    try:
        # A role that was killed stays a zombie until its parent looks.
        return pid.isdecimal() and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
