"""A wall clock that is off: what a process reads of the time of day, for no part of it may decide anything by that.

`datetime.now` stays true, because a class that is replaced is no longer that of the values that drivers make; that
nobody in the package asks it is a rule of tests/architecture.
"""

import time
from collections.abc import Callable


class SkewedClock:
    """State: the seconds by which this process's wall clock is off now."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._time: Callable[[], float] = time.time
        self._time_ns: Callable[[], int] = time.time_ns

    def __repr__(self) -> str:
        return f"<SkewedClock {self.seconds:+g} s>"

    def install(self) -> None:
        """Before anything else is imported: others take the functions by name. The monotonic clock stays true."""
        time.time, time.time_ns = self.time, self.time_ns

    def time(self) -> float:
        return self._time() + self.seconds

    def time_ns(self) -> int:
        return self._time_ns() + int(self.seconds * 1e9)
