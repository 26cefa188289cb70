"""How many events may be told one by one: a burst, then a steady rate; the rest is told as a sum."""

from collections import Counter

from cluster.core.events import Event, EventName

BURST = 10_000
RATE = 2_000.0
"""Events per second, once the burst is used up."""
PERIOD = 1.0
"""Seconds between two summaries while events keep exceeding the rate."""


class Budget:
    """A token bucket for events. Whoever emits them asks `take` how many it may tell, and tells `summary` for the rest.

    Once something was held back, everything is until the next summary: so a watcher reads whole stretches of single
    events or of sums, not a mixture, and a summary never comes after events that are younger than it.
    Times are seconds of any monotonic clock. State: the tokens left, when they were counted, and what was held back
    since when.
    """

    def __init__(self, burst: float = BURST, rate: float = RATE, period: float = PERIOD) -> None:
        self._burst, self._rate, self._period = burst, rate, period
        self._tokens = float(burst)
        self._counted_at: float | None = None
        self._held_back: Counter[str] = Counter()
        self._since = 0.0

    def __repr__(self) -> str:
        return f"<Budget tokens={self._tokens:.0f} held_back={self._held_back.total()}>"

    def become(self, burst: float, rate: float) -> None:
        """Another burst and another rate from now on."""
        self._burst, self._rate = burst, rate
        self._tokens = min(self._tokens, burst)

    def take(self, event: str, wanted: int, now: float) -> int:
        """How many of `wanted` events of this name may be told one by one; the others are in the next summary."""
        self._refill(now)
        told = 0 if self._held_back else min(wanted, int(self._tokens))
        self._tokens -= told
        if told < wanted:
            if not self._held_back:
                self._since = now
            self._held_back[event] += wanted - told
        return told

    def summary(self, now: float, timestamp_us: int) -> Event | None:
        """What was held back, when it is time to tell; ask before each `take` and from a periodic loop.

        `timestamp_us`: microseconds since the epoch by the database clock, for the event.
        """
        if not self._held_back or now - self._since < self._period:
            return None
        counts, self._held_back = dict(self._held_back), Counter()
        sums = ", ".join(f"{count} {event}" for event, count in counts.items())
        text = f"Too many events to tell one by one: {sums}"
        return Event(EventName.TASKS_SUMMARY, text, timestamp_us, counts=counts)

    def _refill(self, now: float) -> None:
        if self._counted_at is not None:
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._counted_at) * self._rate)
        self._counted_at = now
