"""What a task may ask for instead of a result: to be run again, or not to be run any more. Returned or raised."""

from datetime import timedelta

from cluster.core.limits import DELAY_SECONDS_MAX


class Retry(Exception):
    """Run me again. It counts as an attempt: after the last one the task is dead.

    `in_`: seconds from now, or a timedelta; None = as long as the task's backoff says. `reason` is kept with the task.
    """

    def __init__(self, in_: float | timedelta | None = None, reason: str = "") -> None:
        """Raises ValueError or TypeError, which say what is wrong: the task then fails with that."""
        super().__init__(_text("Retry", reason))
        self.seconds = None if in_ is None else _seconds(in_)
        self.reason = reason

    def __repr__(self) -> str:
        return f"Retry(in_={self.seconds}, reason={self.reason!r})"


class Cancel(Exception):
    """There is nothing to do any more: the task ends as cancelled, whatever attempts are left. `reason` is kept."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(_text("Cancel", reason))
        self.reason = reason

    def __repr__(self) -> str:
        return f"Cancel(reason={self.reason!r})"


def _seconds(given: object) -> float:
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= DELAY_SECONDS_MAX:
        raise ValueError(
            f"Retry: in_ must be a timedelta or a number of seconds from 0 to {DELAY_SECONDS_MAX}; it is {given!r}"
        )
    return float(seconds)


def _text(wish: str, reason: object) -> str:
    if not isinstance(reason, str):
        raise TypeError(f"{wish}: reason must be a text; it is {reason!r}")
    return reason
