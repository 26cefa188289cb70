"""The database clock, estimated between the moments when a statement tells the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_MEMORY_SECONDS = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DatabaseClock:
    """Microseconds since the epoch by the database clock; never goes back.

    A time that a statement told is old when it arrives, so of the observations of the last minute the one that puts the
    database clock furthest ahead is the truest. State: that offset, when it was observed, and the last time given out.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._monotonic = monotonic
        # Until the first observation the clock of this machine has to do.
        self._offset = wall() - monotonic()
        self._observed = float("-inf")
        self._last = 0

    def __repr__(self) -> str:
        return f"<DatabaseClock offset={self._offset:.6f}>"

    def observe(self, now: datetime) -> None:
        """A statement said that it is `now`."""
        moment = self._monotonic()
        offset = now.timestamp() - moment
        if offset > self._offset or moment - self._observed > _MEMORY_SECONDS:
            self._offset, self._observed = offset, moment

    def now_us(self) -> int:
        """Microseconds since the epoch."""
        self._last = max(self._last, round((self._monotonic() + self._offset) * 1_000_000))
        return self._last

    def now(self) -> datetime:
        """The same, aware, in UTC."""
        return _EPOCH + timedelta(microseconds=self.now_us())
