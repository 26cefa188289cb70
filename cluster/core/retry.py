"""When to try again: exponential backoff with jitter and a cap, a pure function of the attempt and a random number."""

from dataclasses import dataclass

_DAY = 24 * 60 * 60.0
_BOUNDS = (("first", 0.0, _DAY), ("factor", 1.0, 100.0), ("cap", 0.0, _DAY), ("jitter", 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before attempt n + 1: `first · factor^(n-1)`, never above `cap`, spread by ± `jitter` of itself."""

    first: float = 1.0
    factor: float = 2.0
    cap: float = 600.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        """Raises ValueError, whose message names the field and says what it takes."""
        for name, least, most in _BOUNDS:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
                raise ValueError(f"backoff: {name} must be a number from {least:g} to {most:g}; it is {value!r}")

    def delay(self, attempt: int, random: float) -> float:
        """Seconds to wait after `attempt` (1 for the first) failed; `random` is uniform in [0, 1)."""
        exponent = min(attempt - 1, 64)
        return min(self.cap, self.first * self.factor**exponent) * (1 + self.jitter * (2 * random - 1))
