"""How often something may be done whose cost nobody can bound: in proportion to what it took."""


class DutyCycle:
    """Takes at most `share` of the time, for after each turn it rests so much longer than the turn took; but never
    longer than `longest` seconds, for a turn also takes long when the machine stood still.

    State: from when on the next turn is due, in seconds of the caller's clock.
    """

    def __init__(self, share: float, longest: float) -> None:
        self._share = share
        self._longest = longest
        self._next = 0.0

    def __repr__(self) -> str:
        return f"<DutyCycle {self._share:.0%} next={self._next:.3f}>"

    def due(self, now: float) -> bool:
        """Whether it has rested enough."""
        return now >= self._next

    def took(self, began: float, now: float) -> None:
        """A turn lasted from `began` to `now`."""
        self._next = now + min((now - began) / self._share, self._longest)
