"""What a run allows. The defaults are those of the product's default settings; a faster cluster is held to less."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

LADDER: Mapping[str, float] = MappingProxyType({"kill": 3.0, "crash": 3.0, "deadly": 3.0, "order-to-die": 30.0})


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, unless it says otherwise."""

    ladder: Mapping[str, float] = field(default_factory=lambda: LADDER)
    """By the first word of a fault of a worker: how soon its tasks run elsewhere while nothing else is the matter."""
    otherwise: float = 20.0
    """The same for a fault that is not in the ladder: a worker that cannot be heard."""
    isolated: float = 60.0
    """The same for a task that has to run alone, and waits for a worker that holds nothing else."""
    recovery: float = 10.0
    """After the end of a fault of what everybody needs, until it is felt no more."""
    ordered: float = 30.0
    """After an order to kill a worker was given, until it has died of it."""
    unbegun: float = 3.0
    """After the end of a fault of one worker: it thaws, and begins leases that it lost until it is told."""
    unreported: float = 2.0
    """How long the outcome of a run that ended may be on its way to COMMIT while nothing is the matter."""
    slack: float = 0.5
    """How far the times of two statements may contradict each other: one that waits for the processor or for a lock
    goes by the time at which it came."""
    early: float = 0.05
    """How far the clocks of the history and of the database may contradict each other."""
    max_attempts: int = 3
    """Of a task that names no number of its own, and whose command does not either:"""
    attempts_of: Mapping[str, int] = field(default_factory=dict)
    memory_factor: float = 1.3
    memory_bytes: int = 40 * 2**20
    """A process may end at its baseline times the one plus the other."""
    recorded: frozenset[str] | None = None
    """Commands whose handlers write Start and End; None: all of them."""

    def records(self, command: str) -> bool:
        return self.recorded is None or command in self.recorded

    def attempts(self, command: str, own: int | None) -> int:
        """The most attempts of a task; `own`: what its row says."""
        return self.attempts_of.get(command, self.max_attempts) if own is None else own

    def allowed(self, fault: str, *, alone: bool) -> float:
        """How long a task interrupted by this fault may wait for its next run."""
        return max(self.ladder.get(fault.partition(" ")[0], self.otherwise), self.isolated if alone else 0.0)
