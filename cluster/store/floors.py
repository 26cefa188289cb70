"""Where the next claim begins to look, so that it does not walk over what earlier claims took.

A claimed task leaves a dead entry in the index of ready tasks. Usually it is gone a moment later. But while any
transaction of the server is older, be it somebody's forgotten psql, nobody may clear it away, and every claim walks
over all of them before it finds its first task: 5 ms for 100,000, more with every task that is done.

So the third claim in a row that took too long is the last of its kind. Those after it begin at a floor: per priority,
the last task that was claimed. Below a floor nothing is ready but what became so afterwards: tasks that were released,
rescued or promoted late, and those of transactions that commit late. Floors stay half a second behind the clock
(claim_onward.sql), which finds the latest of them. For the others claims go back from time to time: to where the floors
were some seconds ago, seldomer to where they were half a minute ago, and seldomer still to the beginning. What came
back lies where it lay when it was claimed, so it waits about as long as it was away, and never longer than LONGEST; and
going back takes SHARE of the time for each of these depths, however much lies about. Whoever knows that something came
back (`came_back`) has the beginning looked at sooner: that takes SHARE_AT_ONCE. Once a look from the beginning is quick
again, the floors are forgotten.

Tasks that only other workers may have are walked over in the same way, and for longer. A claim that passed over many of
them and did not find enough has looked at all that is ready, so the next one may begin where that ended: after the last
task that the present moment has, in each priority. That moment has to be told before the claim that looks at everything
until then, by a statement of its own (ready_ends.sql), which takes SHARE of the time, too.
"""

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from psycopg.rows import args_row

from cluster.core.duty_cycle import DutyCycle
from cluster.store import arrays, leases
from cluster.store.leases import LeasedTask, Slots, claim_parameters, raw
from cluster.store.pool import Connection
from cluster.store.statements import statement

L = TypeVar("L", bound=LeasedTask)

SLOW, SLOW_EACH = 0.005, 0.00002
"""Seconds beyond which a look from the beginning took too long: in all, and for each task that it found."""
IN_A_ROW = 3
"""Looks that have to be too slow: a machine that stood still once has no dead entries."""
DEPTHS = (3.0, 30.0, math.inf)
"""Seconds that claims go back at least; the last is from the beginning."""
SHARE = 0.01
"""Of the time, for each depth."""
SHARE_AT_ONCE = 0.1
"""Of the time, for what is known to have come back."""
LONGEST = 120.0
"""Seconds without a look from the beginning, at most."""


class Floor(NamedTuple):
    """The last task that was claimed with some priority. `key`: the 16 bytes of its id."""

    scheduled_at: datetime
    key: bytes


_ABOVE_ALL = 101, Floor(datetime.max.replace(tzinfo=UTC), bytes(16))
_BELOW_ALL = -101


class Depth:
    """Floors as they were between `seconds` and twice as many ago; none, that is the beginning, until they are as old.

    State: those floors, those that will be next and from when they are, and when they are due.
    """

    def __init__(self, seconds: float, now: float) -> None:
        self.floors: Mapping[int, Floor] = {}
        self.turns = DutyCycle(SHARE, LONGEST)
        self._seconds = seconds
        self._following: Mapping[int, Floor] = {}
        self._since = now

    def __repr__(self) -> str:
        return f"<Depth {self._seconds:g} s {self.turns!r}>"

    def grow_old(self, floors: Mapping[int, Floor], now: float) -> None:
        """The present floors are these."""
        if now - self._since >= self._seconds:
            self.floors, self._following, self._since = self._following, floors, now


class Look(NamedTuple):
    """A claim that began at `began`. `floors`: where it begins to look, None = no floors hold. `depth`: how far it goes
    back, None = not at all. `to_the_end`: it shall know before where the ready tasks end.
    """

    floors: Mapping[int, Floor] | None
    depth: Depth | None
    began: float
    to_the_end: bool = False


class Floors:
    """Of the claims that leave the same commands alone.

    State: the commands that they are without, how many looks from the beginning were too slow in a row, the floors by
    priority, and, once claims begin at them, the depths to go back to, deepest first, whether something came back since
    the beginning was looked at, and when that may be done for it; whether the last claim walked far and did not find
    enough, and when the end may be asked for again.
    """

    def __init__(self) -> None:
        self._others: tuple[str, ...] = ()
        self._slow = 0
        self._floors: Mapping[int, Floor] = {}
        self._depths: list[Depth] = []
        self._came_back = False
        self._at_once = DutyCycle(SHARE_AT_ONCE, LONGEST)
        self._in_vain = False
        self._ends = DutyCycle(SHARE, LONGEST)

    def __repr__(self) -> str:
        return f"<Floors {self._floors} depths={self._depths}>"

    def look(self, others: Sequence[str], now: float) -> Look:
        """Where the next claim begins, which leaves `others` alone."""
        if self._others != tuple(others):
            # What the claims before it left out is behind their floors.
            self._others = tuple(others)
            self._forget()
        if not self._depths:
            return Look(None, None, now)
        for depth in self._depths:
            depth.grow_old(self._floors, now)
        due = next((depth for depth in self._depths if depth.turns.due(now)), None)
        if self._came_back and self._at_once.due(now):
            due = self._depths[0]
        if due is not None:
            if due is self._depths[0]:
                self._came_back = False
            return Look(due.floors, due, now)
        return Look(self._floors, None, now, to_the_end=self._in_vain and self._ends.due(now))

    def reached(self, floors: Mapping[int, Floor], *, enough: bool = True) -> None:
        """A claim found its last task of each priority there: what is ready lies behind. Unless it found `enough` it
        looked at everything, and no floor need go back.
        """
        if not enough:
            floors = {priority: max(floor, self._floors.get(priority, floor)) for priority, floor in floors.items()}
        # Never changed in place: depths keep what there was.
        self._floors = {**self._floors, **floors}

    def came_back(self) -> None:
        """Tasks are ready again that were so before: rescued, unparked, of a queue that goes on."""
        self._came_back = bool(self._depths)

    def asked(self, began: float, now: float) -> None:
        """It took so long to learn where the ready tasks end."""
        self._ends.took(began, now)

    def looked(self, look: Look, found: int | None, now: float, *, enough: bool = True) -> None:
        """It found so many tasks, None = it failed, and is over. `enough`: as many as it looked for, so perhaps not
        everything was looked at.
        """
        slow = now - look.began > SLOW + SLOW_EACH * (found or 0)
        if look.depth is None:
            self._in_vain = slow and not enough
        else:
            look.depth.turns.took(look.began, now)
            if look.depth is self._depths[0]:
                self._at_once.took(look.began, now)
                self._came_back |= found is None
        if look.floors:
            return
        if slow:
            self._slow += 1
            if self._slow == IN_A_ROW:
                self._depths = [Depth(seconds, now) for seconds in reversed(DEPTHS)]
        elif found is not None:
            self._forget()

    def _forget(self) -> None:
        self._slow = 0
        self._floors = {}
        self._depths = []
        self._came_back = self._in_vain = False


class _End(NamedTuple):
    """A row of ready_ends.sql."""

    priority: int
    now: datetime


async def claim_onward(connection: Connection, slots: Slots, made: type[L], floors: Floors) -> list[L]:
    """As `claim`, beginning at the floors while there are any."""
    look = floors.look(slots.others, time.monotonic())
    found, enough = None, True
    try:
        reached = await _ends(connection, floors) if look.to_the_end else {}
        if look.floors is None:
            leased = await leases.claim(connection, slots, made)
        else:
            leased, lasts = await _from(look.floors, connection, slots, made)
            enough = len(leased) == len(slots.order)
            floors.reached(lasts if enough else {**lasts, **reached}, enough=enough)
        found = len(leased)
    finally:
        # One that was cut short has taken its time, too.
        floors.looked(look, found, time.monotonic(), enough=enough)
    return leased


async def _ends(connection: Connection, floors: Floors) -> dict[int, Floor]:
    """By priority, behind what is ready now."""
    began = time.monotonic()
    async with connection.cursor(binary=True, row_factory=args_row(_End)) as cursor:
        await cursor.execute(statement("ready_ends"))
        ends = {end.priority: Floor(end.now, bytes(16)) for end in await cursor.fetchall()}
    floors.asked(began, time.monotonic())
    return ends


async def _from(
    floors: Mapping[int, Floor], connection: Connection, slots: Slots, made: type[L]
) -> tuple[list[L], dict[int, Floor]]:
    """What a claim found that began at `floors`, and how far it came."""
    reached: dict[int, Floor] = {}

    def row(*facts: Any) -> L:
        *lease, priority, scheduled_at = facts
        one = made(*lease)
        if priority is not None:
            reached[priority] = Floor(scheduled_at, one.key)
        return one

    async with raw(connection, row) as cursor:
        await cursor.execute(statement("claim_onward"), {**claim_parameters(slots), **_parameters(floors)})
        return await cursor.fetchall(), reached


def _parameters(known: Mapping[int, Floor]) -> dict[str, object]:
    # What is above the highest floor belongs to one that nothing can reach.
    floors = [_ABOVE_ALL, *sorted(known.items(), reverse=True)]
    priorities = [priority for priority, _ in floors]
    return {
        "priorities": arrays.smallints(priorities),
        "floors_at": arrays.instants([floor.scheduled_at for _, floor in floors]),
        "floors_id": arrays.uuids([floor.key for _, floor in floors]),
        "below": arrays.smallints([*priorities[1:], _BELOW_ALL]),
    }
