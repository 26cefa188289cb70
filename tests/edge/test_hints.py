"""What coordinators are told, and what is told as a sum."""

import asyncio

import pytest

from cluster.core.budget import Budget
from cluster.core.events import Event
from cluster.edge import link
from cluster.edge.coordinators import Coordinators
from tests.edge.conftest import Teller
from tests.fixtures.eventually import eventually


def scheduled(number):
    return Event("task_scheduled", f"event {number}", number, task_id=f"t{number}")


async def test_every_coordinator_is_woken_but_only_one_passes_the_events_on():
    tellers = [Teller(), Teller()]
    for teller in tellers:
        await teller.server.start()
    coordinators = Coordinators([teller.address for teller in tellers], "edge-1", lambda _: None, lambda: 0)
    await coordinators.start()
    try:
        await eventually(lambda: all(link.connected for link in coordinators.links))
        coordinators.tasks_enqueued([scheduled(1)])
        await eventually(lambda: all(any(hint.tasks for hint in teller.hints) for teller in tellers))
        assert [len(hint.events) for teller in tellers for hint in teller.hints] == [1, 0]
        assert {hint.watcher_id for teller in tellers for hint in teller.hints} == {"edge-1"}
        await tellers[0].server.stop(0)
        await eventually(lambda: not coordinators.links[0].connected)
        coordinators.tasks_enqueued([scheduled(2)])
        await eventually(lambda: tellers[1].hints[-1].events)
        assert await coordinators.answering()
        await tellers[1].server.stop(0)
        assert not await coordinators.answering()
    finally:
        await coordinators.stop()
        await coordinators.stop()


async def test_hints_given_at_one_moment_go_into_one_message_and_all_of_them_up_one_stream(coordinator):
    links = Coordinators([coordinator.address], "edge-1", lambda _: None, lambda: 0)
    await links.start()
    try:
        links.tasks_enqueued([scheduled(0)])
        await eventually(lambda: len(coordinator.hints) == 1)
        for number in range(1, 50):
            links.tasks_enqueued([scheduled(number)])
        links.orders_written()
        await eventually(lambda: sum(len(hint.events) for hint in coordinator.hints) == 50)
        assert len(coordinator.hints) == 2
        assert (coordinator.hints[1].tasks, coordinator.hints[1].orders) == (True, True)
        assert coordinator.streams == 1
    finally:
        await links.stop()


async def test_hints_find_a_coordinator_that_comes_back(coordinator):
    links = Coordinators([coordinator.address], "edge-1", lambda _: None, lambda: 0)
    await links.start()
    try:
        await eventually(lambda: links.links[0].connected)
        links.tasks_enqueued([scheduled(0)])
        await eventually(lambda: len(coordinator.hints) == 1)
        port = coordinator.server.port
        await coordinator.server.stop(0)
        await eventually(lambda: not links.links[0].connected)
        links.tasks_enqueued([scheduled(1)])
        back = Teller(port)
        await back.server.start()
        await eventually(lambda: links.links[0].connected)
        links.tasks_enqueued([scheduled(2)])
        await eventually(lambda: any(event.task_id == "t2" for hint in back.hints for event in hint.events))
        # Who stops is not kept waiting by a stream of hints that nobody ends.
        stopping = asyncio.create_task(back.server.stop(60))
        back.tell.put_nowait(None)
        await asyncio.wait_for(stopping, 10)
    finally:
        await links.stop()


class Deaf(Teller):
    """Takes hints only when it is told to `listen`; until then they pile up on their way."""

    def __init__(self) -> None:
        super().__init__()
        self.listen = asyncio.Event()

    async def Wake(self, requests, context):  # noqa: N802
        await self.listen.wait()
        return await super().Wake(requests, context)


async def test_hints_go_on_after_a_coordinator_ended_while_one_was_on_its_way(monkeypatch):
    monkeypatch.setattr(link, "ANSWER_WITHIN", 60.0)
    deaf = Deaf()
    await deaf.server.start()
    links = Coordinators([deaf.address], "edge-1", lambda _: None, lambda: 0)
    await links.start()
    try:
        await eventually(lambda: links.links[0].connected)
        for _ in range(10):  # more than fits on the way
            links.tasks_enqueued([Event("task_scheduled", "long" * 1000, 0)] * 500)
            await asyncio.sleep(0.05)
        deaf.tell.put_nowait(None)
        await eventually(lambda: len(deaf.watches) == 2)
        deaf.listen.set()

        def heard():
            links.tasks_enqueued([])
            return deaf.hints

        await eventually(heard)
    finally:
        await links.stop()
        await deaf.server.stop(0)


@pytest.mark.parametrize(("delays", "ready", "later"), [([0], True, False), ([60], False, True), ([0, 60], True, True)])
async def test_coordinators_look_for_tasks_that_are_ready_and_for_the_time_of_those_that_are_not(
    http, coordinator, delays, ready, later
):
    tasks = [{"command": "noop", "delay_seconds": delay} for delay in delays]
    await http.post("/api/schedule/batch", json={"tasks": tasks})
    [hint] = await eventually(lambda: coordinator.hints)
    assert (hint.tasks, hint.later) == (ready, later)


async def test_a_flood_of_tasks_is_told_as_a_sum_in_the_end(http, edge, coordinator, monkeypatch):
    monkeypatch.setattr(edge.herald, "_budget", Budget(burst=5, rate=0.001, period=0.1))
    await http.post("/api/schedule/batch", json={"command": "noop", "count": 20})

    async def summed():
        return [event for event in (await http.get("/api/logs")).json() if event["event"] == "tasks_summary"]

    [summary] = await eventually(summed)
    assert summary["msg"].endswith(": 15 task_scheduled")
    events = [event["event"] for event in (await http.get("/api/logs")).json()]
    assert events == ["task_scheduled"] * 5 + ["tasks_summary"]
    await eventually(lambda: sum(len(hint.events) for hint in coordinator.hints) == 6)
