"""One timer for many instants."""

import asyncio
from collections.abc import Callable
from time import monotonic_ns

from cluster.worker.run import NEVER


class Alarm:
    """Calls `ring` when the earliest of the instants it was told of has come; what is due then, `ring` finds out.

    A timer for each would cost a short run more than all the rest. Instants are monotonic nanoseconds. Lives on one
    event loop. State: the timer, and when it is due.
    """

    __slots__ = ("_loop", "_ring", "_timer", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop, self._ring = loop, ring
        self._timer: asyncio.TimerHandle | None = None
        self.due = NEVER

    def __repr__(self) -> str:
        return f"<Alarm {'off' if self._timer is None else 'on'}>"

    def by(self, due: int) -> None:
        """Ring at this instant or before."""
        if due >= self.due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self.due = due
        self._timer = self._loop.call_later(max(0, due - monotonic_ns()) / 1e9, self._go_off)

    def _go_off(self) -> None:
        self._timer, self.due = None, NEVER
        self._ring()
