"""How many users there are at a moment of the test. Pure: locustfile.py gives a shape to Locust.

| shape  | what it is for                                                                    |
|--------|-----------------------------------------------------------------------------------|
| steady | so many users, until somebody ends it or --run-time is over                        |
| ramp   | ten equal steps up: where does throughput stop rising and latency begin to?        |
| spike  | calm, then all at once, then calm again: how long until latency is what it was?    |
| soak   | hours of the same, with a lull of every tenth part: does anything rise or break?   |
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

STEPS = 10
CALM = 0.1
"""Of the users, before and after the spike."""
SPIKE_BEGINS, SPIKE_ENDS = 0.3, 0.6
"""Of the time."""
LULL_EVERY, LULL = 0.1, 0.02
"""Of the time of a soak: how often users leave, and for how long."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`users` and `seconds` (None: without end) where nobody says otherwise. `share`: of the users, by share of the
    time that is over.
    """

    users: int
    seconds: float | None
    share: Callable[[float], float]

    def users_at(self, now: float, users: int, seconds: float | None) -> int | None:
        """How many of `users`, `now` seconds after the begin; None when it is over, else one at least."""
        if seconds is None:
            return users
        return None if now >= seconds else max(1, round(users * self.share(now / seconds)))


def steady(_over: float) -> float:
    return 1.0


def ramp(over: float) -> float:
    return (math.floor(over * STEPS) + 1) / STEPS


def spike(over: float) -> float:
    return 1.0 if SPIKE_BEGINS <= over < SPIKE_ENDS else CALM


def soak(over: float) -> float:
    return CALM if over % LULL_EVERY >= LULL_EVERY - LULL else 1.0


SHAPES = {
    "steady": Shape(50, None, steady),
    "ramp": Shape(100, 120.0, ramp),
    "spike": Shape(200, 120.0, spike),
    "soak": Shape(20, 3600.0, soak),
}
