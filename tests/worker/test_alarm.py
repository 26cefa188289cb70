"""One timer for many instants."""

import asyncio
from time import monotonic_ns

from cluster.worker.alarm import Alarm
from cluster.worker.run import NEVER
from tests.fixtures.eventually import eventually


async def test_it_rings_once_for_the_earliest_instant_and_then_forgets_the_others() -> None:
    rings: list[int] = []
    alarm = Alarm(asyncio.get_running_loop(), lambda: rings.append(monotonic_ns()))
    soon = monotonic_ns() + 20_000_000
    for due in (soon + 10**12, soon, NEVER, soon + 10**11):
        alarm.by(due)
    assert alarm.due == soon
    await eventually(lambda: rings)
    assert rings[0] >= soon - 1_000_000
    assert (alarm.due, repr(alarm)) == (NEVER, "<Alarm off>")


async def test_it_can_be_set_while_it_rings_and_for_what_is_past() -> None:
    rings: list[int] = []

    def ring() -> None:
        rings.append(alarm.due)
        if len(rings) < 3:
            alarm.by(monotonic_ns() - 1)

    alarm = Alarm(asyncio.get_running_loop(), ring)
    alarm.by(0)
    await eventually(lambda: len(rings) == 3)
    assert rings == [NEVER] * 3
