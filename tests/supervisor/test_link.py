"""The stream to a coordinator, with a real server at the other end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from cluster.core.retry import Backoff
from cluster.runtime.lifecycle import running
from cluster.supervisor import link as module
from cluster.supervisor.exits import Exit, Exits
from cluster.supervisor.link import Link
from cluster.supervisor.orders import Orders
from cluster.wire import taskmaster_pb2 as wire
from tests.fixtures.eventually import eventually
from tests.supervisor.fixtures.coordinator import FakeCoordinator
from tests.supervisor.test_orders import Crew, kill, scale


@pytest_asyncio.fixture
async def coordinator() -> AsyncIterator[FakeCoordinator]:
    fake = FakeCoordinator()
    async with running(fake):
        yield fake


class Linked:
    """A link, whom it works for and what it reports."""

    def __init__(self, *addresses: str) -> None:
        self.crew = Crew("worker-1")
        self.desired = 3
        self.changed = asyncio.Event()
        self.exits = Exits()
        self.link = Link(addresses, Orders(self.crew), self.exits, self._report, self.changed)

    def ended(self, name: str, pid: int) -> None:
        self.exits.note(Exit(name, pid, -9, ordered=False))
        self.changed.set()

    def _report(self) -> wire.SupervisorReport:
        return wire.SupervisorReport(supervisor_id="here", desired_workers=self.desired)


async def test_a_change_is_reported_at_once(coordinator: FakeCoordinator) -> None:
    linked = Linked(coordinator.address)
    async with running(linked.link):
        await eventually(lambda: coordinator.reports)

        linked.desired = 7
        linked.changed.set()

        await eventually(lambda: coordinator.reports[-1].desired_workers == 7)


async def test_reports_go_on_although_nothing_changes(coordinator: FakeCoordinator) -> None:
    async with running(Linked(coordinator.address).link):
        await eventually(lambda: len(coordinator.reports) >= 2)


async def test_orders_are_carried_out_and_answered(coordinator: FakeCoordinator) -> None:
    coordinator.orders = [scale(1, 10), kill(2, "worker-1"), kill(3, "nobody")]
    linked = Linked(coordinator.address)
    async with running(linked.link):
        await eventually(lambda: len(coordinator.outcomes) == 3)

    assert linked.crew.done == ["scale 10", "kill worker-1", "kill nobody"]
    assert [(outcome.order_id, outcome.ok) for outcome in coordinator.outcomes] == [(1, True), (2, True), (3, False)]


async def test_an_order_given_again_on_a_new_stream_is_only_answered_again() -> None:
    before = FakeCoordinator()
    before.orders = [kill(1, "worker-1")]
    await before.start()
    address = before.address
    linked = Linked(address)
    async with running(linked.link):
        await eventually(lambda: before.outcomes)
        await before.stop()
        after = FakeCoordinator(int(address.rpartition(":")[2]))
        after.orders = [kill(1, "worker-1")]
        async with running(after):
            await eventually(lambda: after.outcomes)

    assert linked.crew.done == ["kill worker-1"]


async def test_the_end_of_a_worker_is_told_at_once_and_once(coordinator: FakeCoordinator) -> None:
    linked = Linked(coordinator.address)
    async with running(linked.link):
        await eventually(lambda: coordinator.reports)

        linked.ended("worker-1", 71)
        await eventually(lambda: coordinator.exits)
        told = len(coordinator.reports)
        linked.ended("worker-2", 72)
        await eventually(lambda: len(coordinator.reports) > told + 1)

    assert coordinator.exits == [("worker-1", 71, -9, False), ("worker-2", 72, -9, False)]


async def test_another_coordinator_is_told_of_the_end_of_a_worker_again() -> None:
    before, after = FakeCoordinator(), FakeCoordinator()
    async with running(after):
        await before.start()
        linked = Linked(before.address, after.address)
        async with running(linked.link):
            linked.ended("worker-1", 71)
            await eventually(lambda: before.exits)
            await before.stop()

            await eventually(lambda: after.exits == before.exits)


async def test_a_coordinator_that_is_not_there_is_passed_over(coordinator: FakeCoordinator) -> None:
    gone = FakeCoordinator()
    await gone.start()
    address = gone.address
    await gone.stop()

    async with running(Linked(address, coordinator.address).link):
        await eventually(lambda: coordinator.reports)


async def test_a_report_that_meets_the_end_of_its_stream_is_no_error(
    coordinator: FakeCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a coordinator is killed, which breaks the stream and changes the report in the same moment."""
    monkeypatch.setattr(module, "PAUSES", Backoff(first=0.0, cap=0.0, jitter=0.0))
    coordinator.curt = 3
    linked = Linked(coordinator.address)
    with capture_logs() as told:
        async with running(linked.link):
            while coordinator.streams < 600:
                linked.changed.set()
                await asyncio.sleep(0.0003)

    assert {line["reason"] for line in told if line.get("exc_info")} == set()


async def test_stop_tolerates_being_early_and_being_repeated(coordinator: FakeCoordinator) -> None:
    link = Linked(coordinator.address).link
    await link.stop()
    await link.start()
    await link.stop()
    await link.stop()

    assert repr(link).startswith("<Link")
