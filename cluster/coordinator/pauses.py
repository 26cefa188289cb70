"""What the leader does for paused queues: puts their ready tasks aside, and brings back those of resumed ones.

See store/queues.py for why. When a queue was paused he walks once along everything that is ready, a step at a time; a
new leader does so again, for he cannot know how far the last one got.
"""

from collections.abc import Callable

from cluster.runtime import telemetry
from cluster.store import queues
from cluster.store.pool import Connection
from cluster.store.queues import BEGINNING, Paused, Walk

LOOK = 1.0
"""Seconds between two looks for queues that were paused or resumed."""
STEP = 5_000
"""Tasks looked at, and tasks brought back, in one statement."""


class Pauses:
    """State: the pauses that the last whole walk was about, in which epoch, and where the present walk has got to."""

    def __init__(self, woken: Callable[[], None]) -> None:
        """`woken` is called when tasks became ready."""
        self._woken = woken
        self._seen: frozenset[Paused] = frozenset()
        self._epoch = 0
        self._walk: Walk | None = None

    def __repr__(self) -> str:
        return f"<Pauses seen={len(self._seen)} walk={self._walk}>"

    async def step(self, connection: Connection, epoch: int) -> float:
        """One statement of the walk, if one is under way, and one for what was resumed. The seconds until the next."""
        if epoch != self._epoch:
            self._seen, self._epoch, self._walk = frozenset(), epoch, None
        paused = frozenset(await queues.paused(connection))
        if paused - self._seen:
            # From the beginning also when one is under way: it has passed by what is paused now.
            self._walk = BEGINNING
        self._seen = paused
        before = self._walk
        if self._walk is not None:
            aside, self._walk = await queues.put_aside(connection, epoch, self._walk, STEP)
            if aside:
                telemetry.tally("tasks_paused", aside)
        back = await queues.bring_back(connection, epoch, STEP)
        if back:
            self._woken()
        # A leader whose time was over for a moment, because it stood still, goes on where it was.
        goes_on = self._walk is not None and self._walk != before
        return 0.0 if goes_on or back == STEP else LOOK
