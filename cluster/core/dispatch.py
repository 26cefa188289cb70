"""Who gets the next task: slots in dispatch order, and how far ahead a worker is fed."""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice


class DispatchPolicy(StrEnum):
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"


@dataclass(frozen=True, slots=True)
class Capacity:
    """One worker as the dispatcher sees it: how many leases it holds, how many it may hold, how many of these ahead."""

    held: int
    credit: int
    ahead: int = 0

    @property
    def free(self) -> int:
        """Leases worth giving now: none while half of what it is fed ahead is still there, for a message of a few costs
        as much as one of many, and fifty workers share what there is to give."""
        free = self.credit - self.held
        return free if free > 0 and free * 2 >= self.ahead else 0

    @property
    def idle(self) -> int:
        """Those of the free ones that begin at once: slots that stand idle."""
        return min(self.free, max(0, self.credit - self.ahead - self.held))


class CompletionRate:
    """Completions per second, forgetting fast: the rate of the last moments predicts the next ones, or nothing does.

    Times are seconds of any monotonic clock. State: the smoothed rate, and the window that is being counted.
    """

    WINDOW = 0.02
    MEMORY = 0.25
    """Without a completion the rate falls to 1/e in this many seconds: what comes next may be slow."""
    SILENCE = 1.0
    """Seconds without a completion after which nothing is expected any more."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._since: float | None = None
        self._count = 0
        self._last = 0.0

    def __repr__(self) -> str:
        return f"<CompletionRate {self._rate:.0f}/s>"

    def observe(self, count: int, now: float) -> None:
        """`count` more tasks were completed."""
        if self._since is None or now - self._last > self.SILENCE:
            # The first completion after a silence says nothing yet: there is no span to divide by.
            self._since, self._count, self._last, self._rate = now, 0, now, 0.0
            return
        self._count += count
        self._last = now
        if (span := now - self._since) >= self.WINDOW:
            self._rate = (self._rate + self._count / span) / 2 if self._rate else self._count / span
            self._since, self._count = now, 0

    def forget(self) -> None:
        """It gave tasks back: it is not as fast as it was."""
        self._since, self._rate = None, 0.0

    def per_second(self, now: float) -> float:
        """The rate to expect at `now`."""
        silence = now - self._last
        return self._rate * math.exp(-silence / self.MEMORY) if self._rate and silence <= self.SILENCE else 0.0


class Pace:
    """Tasks per second over the last ten seconds or so, for people. State: that, and when it was last noted."""

    MEMORY = 10.0

    def __init__(self) -> None:
        self.per_second = 0.0
        self._noted: float | None = None

    def __repr__(self) -> str:
        return f"<Pace {self.per_second:.1f}/s>"

    def note(self, count: int, now: float) -> None:
        """`count` more have ended since the last note. `now`: seconds of any monotonic clock."""
        if self._noted is not None and now > self._noted:
            span = now - self._noted
            self.per_second += (count / span - self.per_second) * (1 - math.exp(-span / self.MEMORY))
        self._noted = now


SPREAD = 2.0
"""How many times faster or slower than the workers of its kind a worker may be, and is still fed like them."""


def expected_rates(rates: Sequence[float]) -> list[float]:
    """What to expect of each worker of one kind, by what each of them has completed per second of late.

    The mean, for many equal workers on few cores take turns, and by its own rate one that happens to be ahead would be
    fed further ahead. But within SPREAD of its own rate: a worker whose slots are stuck is not fed for the speed of the
    others, nor do they starve for it. Whoever completes nothing is expected to go on like that; a new worker shows by
    what it does in its slots how fast it is, and is fed like the others within a few bites.
    """
    mean = sum(rates) / len(rates)
    return [min(max(mean, rate / SPREAD), rate * SPREAD) for rate in rates]


HORIZON, TINY_HORIZON = 0.2, 0.4
"""Seconds of work that a worker is fed ahead; the latter where a task takes less than TINY seconds of a slot."""
TINY = 0.02


def prefetch(slots: int, completions_per_second: float, *, most: int = 8000) -> int:
    """How many tasks to give a worker beyond its slots: what it completes within the horizon, never above `most`.

    None if its slots hold all of that: so a worker whose tasks all take longer than SPREAD horizons gets none, whatever
    the others do. Where only some are long, the short ones given ahead wait for the other slots, though another worker
    may be idle; what waits too long, the worker gives back. Tiny tasks need hundreds, or the round trip to PostgreSQL
    sets the pace. With eight workers, a horizon of 0.2 s and bites of a half took a sixth of the CPU of the
    coordinator, and as much of PostgreSQL's, off a no-op task compared to 0.1 s and a quarter; with fifty, whose shares
    are small, 0.4 s took another sixth off.
    """
    tiny = completions_per_second * TINY > slots
    return max(0, min(most, int(completions_per_second * (TINY_HORIZON if tiny else HORIZON)) - slots))


def slot_order(policy: DispatchPolicy, capacities: Sequence[Capacity], first: int, limit: int) -> list[int]:
    """Indices into `capacities`, one per lease to give in dispatch order, at most `limit`; idle slots come first.

    round_robin: one idle slot of each worker in turn, beginning with index `first`; then what is fed ahead, and if that
    is more than the limit, in whole bites to those who hold least, the others get theirs with the next claim: a
    message of a few leases costs as much as one of many. least_loaded: always the worker that then holds the smallest
    share of its credit; of those that are equal, the next in turn.
    """
    match policy:
        case DispatchPolicy.ROUND_ROBIN:
            return _in_turn(capacities, first, limit)
        case DispatchPolicy.LEAST_LOADED:
            return _least_loaded(capacities, first, limit)


def _in_turn(capacities: Sequence[Capacity], first: int, limit: int) -> list[int]:
    ahead = [capacity.free - capacity.idle for capacity in capacities]
    order = _round_robin([capacity.idle for capacity in capacities], first, limit)
    left = limit - len(order)
    if sum(ahead) <= left:
        return order + _round_robin(ahead, first, left)
    for index in sorted(range(len(ahead)), key=lambda index: capacities[index].held):
        order += [index] * min(ahead[index], limit - len(order))
    return order


def _round_robin(free: list[int], first: int, limit: int) -> list[int]:
    count = len(free)
    turn = [(first + step) % count for step in range(count)]
    turn = [index for index in turn if free[index] > 0]
    order: list[int] = []
    while turn and len(order) < limit:
        # Whole rounds at once: as many as the worker with the fewest free slots allows.
        rounds = min(*(free[index] for index in turn), -(-(limit - len(order)) // len(turn)))
        order.extend(turn * rounds)
        for index in turn:
            free[index] -= rounds
        turn = [index for index in turn if free[index] > 0]
    return order[:limit]


def _least_loaded(capacities: Sequence[Capacity], first: int, limit: int) -> list[int]:
    count = len(capacities)
    loads = [_loads(capacity, (index - first) % count, index) for index, capacity in enumerate(capacities)]
    return [index for *_, index in islice(heapq.merge(*loads), limit)]


def _loads(one: Capacity, turn: int, index: int) -> Iterator[tuple[bool, float, int, int]]:
    """Before each lease that this worker may be given, in ascending order: whether its slots are full, its load, its
    turn, and its index."""
    idle = one.idle
    for taken in range(one.free):
        yield taken >= idle, (one.held + taken) / one.credit, turn, index
