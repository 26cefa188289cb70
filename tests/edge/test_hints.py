"""What coordinators are told, and what is told as a sum."""

import asyncio

from cluster.core.budget import Budget
from cluster.core.events import Event
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
        coordinators.tasks_ready([scheduled(1)])
        await eventually(lambda: all(any(hint.tasks for hint in teller.hints) for teller in tellers))
        assert [len(hint.events) for teller in tellers for hint in teller.hints] == [1, 0]
        assert {hint.watcher_id for teller in tellers for hint in teller.hints} == {"edge-1"}
        await tellers[0].server.stop(0)
        await eventually(lambda: not coordinators.links[0].connected)
        coordinators.tasks_ready([scheduled(2)])
        await eventually(lambda: tellers[1].hints[-1].events)
        assert await coordinators.answering()
        await tellers[1].server.stop(0)
        assert not await coordinators.answering()
    finally:
        await coordinators.stop()
        await coordinators.stop()


async def test_hints_given_while_one_is_under_way_go_into_one_message(coordinator):
    released = asyncio.Event()
    answer = coordinator.Wake

    async def slow(request, context):
        response = await answer(request, context)
        await released.wait()
        return response

    coordinator.Wake = slow
    links = Coordinators([coordinator.address], "edge-1", lambda _: None, lambda: 0)
    await links.start()
    try:
        links.tasks_ready([scheduled(0)])
        await eventually(lambda: coordinator.hints)
        for number in range(1, 50):
            links.tasks_ready([scheduled(number)])
        links.orders_written()
        released.set()
        await eventually(lambda: sum(len(hint.events) for hint in coordinator.hints) == 50)
        assert len(coordinator.hints) == 2
        assert (coordinator.hints[1].tasks, coordinator.hints[1].orders) == (True, True)
    finally:
        await links.stop()


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
