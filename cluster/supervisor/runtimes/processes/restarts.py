"""When a child that ended is started again, and when that would be pointless."""

from dataclasses import dataclass, replace

from cluster.core.retry import Backoff
from cluster.runtime.entry import EXIT_CANNOT_START


@dataclass(frozen=True, slots=True)
class Record:
    """How a child has done so far. `failures` in a row; `settled`: it has run well for a while at least once;
    `exposed`: it has come so far at least once that tasks could end it.
    """

    failures: int = 0
    settled: bool = False
    exposed: bool = False

    def failed(self) -> "Record":
        return replace(self, failures=self.failures + 1)


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Pauses double from 0.1 s to 30 s; having run well for `settled_after` seconds starts over.

    A child that never ran well is given up after `tries` failures, or at once when it says that it cannot start. One
    that did is tried for ever: what stops it now (a database that is away, a full disk) can come right again. So is one
    that tasks could end, unless it says that it cannot start: a backlog of tasks that kill their workers is no fault of
    theirs, and comes to its end.
    """

    pauses: Backoff = Backoff(first=0.1, cap=30.0, jitter=0.0)  # noqa: RUF009 - frozen
    settled_after: float = 10.0
    tries: int = 5

    def ran(self, record: Record, seconds: float) -> Record:
        """The record of a child that has been usable since its start `seconds` ago."""
        return replace(record, failures=0, settled=True) if seconds >= self.settled_after else record

    def pause(self, record: Record) -> float:
        """Seconds from a failure to the next start."""
        return self.pauses.delay(record.failures, 0.0)

    def hopeless(self, record: Record, code: int) -> bool:
        """Whether to give up a child that has just ended with `code`."""
        if record.settled:
            return False
        return code == EXIT_CANNOT_START or (record.failures >= self.tries and not record.exposed)
