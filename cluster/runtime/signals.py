"""Signals and the bond between parent and child.

The first SIGTERM or SIGINT asks for a drain, the second ends the process at once; a terminal that is closed (SIGHUP)
counts as either, unless nohup said otherwise. A child that was started with `TASKMASTER_PARENT` in its environment dies
when that parent does, even by SIGKILL.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from cluster.runtime import telemetry

PARENT_VARIABLE = "TASKMASTER_PARENT"
"""The pid of the parent to die with."""

_PR_SET_PDEATHSIG = 1


class Shutdown:
    """Set by the first signal; the second calls `at_once` and exits with 128 + its number. State: the event."""

    def __init__(self, at_once: Callable[[], None] | None = None) -> None:
        self._requested = asyncio.Event()
        self._at_once = at_once

    def __repr__(self) -> str:
        return f"<Shutdown requested={self.requested}>"

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    def request(self) -> None:
        self._requested.set()

    async def wait(self) -> None:
        await self._requested.wait()

    async def before(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work` unless a signal comes first, which cancels it. Whether it was done; what it raises is raised."""
        doing, asked = asyncio.create_task(work), asyncio.create_task(self.wait())
        try:
            await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing})
        if doing.cancelled():
            return False
        doing.result()
        return True

    def install(self) -> None:
        """Listen for the signals on the running loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._on_signal, signal.SIGHUP)

    def _on_signal(self, number: int) -> None:
        if self.requested:
            telemetry.emit("stopped_at_once", level="warning", signal=signal.Signals(number).name)
            try:
                if self._at_once is not None:
                    self._at_once()
            finally:
                os._exit(128 + number)
        telemetry.emit("stopping", signal=signal.Signals(number).name)
        self.request()


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Receive `number` when the parent named by TASKMASTER_PARENT ends. Without that variable: nothing.

    On Linux the kernel sees to it; elsewhere a thread looks twice a second. The kernel means the *thread* that started
    us, so a parent spawns from its main thread. The variable is used up: what we start ourselves has another parent.
    """
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if not parent.isdecimal():
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    else:
        threading.Thread(target=_watch_parent, args=(int(parent), number), daemon=True).start()
    # It may have ended between our start and the line above.
    if os.getppid() != int(parent):
        os.kill(os.getpid(), number)


def _watch_parent(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    with contextlib.suppress(ProcessLookupError):
        os.kill(os.getpid(), number)
