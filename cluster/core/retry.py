"""When to try again: exponential backoff with jitter and a cap, a pure function of the attempt and a random number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before attempt n + 1: `first · factor^(n-1)`, never above `cap`, spread by ± `jitter` of itself."""

    first: float = 1.0
    factor: float = 2.0
    cap: float = 600.0
    jitter: float = 0.2

    def delay(self, attempt: int, random: float) -> float:
        """Seconds to wait after `attempt` (1 for the first) failed; `random` is uniform in [0, 1)."""
        exponent = min(attempt - 1, 64)
        return min(self.cap, self.first * self.factor**exponent) * (1 + self.jitter * (2 * random - 1))
