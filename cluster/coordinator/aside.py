"""Reports that wait: somebody else has locked the rows that they are to be written to, or PostgreSQL fails at them."""

from collections import deque
from collections.abc import Sequence

from cluster.coordinator.reports import Batch
from cluster.runtime import telemetry

PAUSE = 0.25
"""Seconds between two tries."""
FULL = 20_000
"""Batches that may wait; while there are as many, nothing else is written."""


class Aside:
    """State: the batches, those first that were tried longest ago; when (monotonic) the next try is due, and since when
    something waits.

    A lease stays with its session until its outcome is written, so what waits is bounded by what the workers may hold;
    by FULL, should workers die meanwhile and others take their place.
    """

    def __init__(self) -> None:
        self._batches: deque[Batch] = deque()
        self._due = 0.0
        self._since: float | None = None

    def __repr__(self) -> str:
        return f"<Aside batches={len(self._batches)}>"

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def full(self) -> bool:
        return len(self._batches) >= FULL

    def put(self, batches: Sequence[Batch], now: float) -> None:
        """What the last flush could not write, if anything. Tells once when reports wait, and when none does."""
        if batches and not self._batches:
            self._due = now + PAUSE
        self._batches.extend(batches)
        if batches and self._since is None:
            self._since = now
            telemetry.emit("reports_wait", level="warning", reports=sum(map(_weight, batches)))
        elif self._since is not None and not self._batches:
            telemetry.emit("reports_written", after_seconds=round(now - self._since, 3))
            self._since = None

    def pause(self, now: float) -> float | None:
        """Seconds until the next try; None: nothing waits."""
        return max(0.0, self._due - now) if self._batches else None

    def take(self, now: float, most: int) -> list[Batch]:
        """What is to be tried now, at most `most` reports or one batch; nothing before the next try is due."""
        if not self._batches or now < self._due:
            return []
        self._due = now + PAUSE
        taken = [self._batches.popleft()]
        size = _weight(taken[0])
        while self._batches and size + _weight(self._batches[0]) <= most:
            taken.append(self._batches.popleft())
            size += _weight(taken[-1])
        return taken


def _weight(batch: Batch) -> int:
    return len(batch) + len(batch.starts)
