"""Several edges serve one database: what one changes the other reads, what one tells the other's watchers hear."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cluster.edge.edge import Edge
from cluster.edge.server import bound
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address
from cluster.store.pool import create_pool
from tests.fixtures.eventually import eventually
from tests.fixtures.ring import Ring, ring, ring_processes

__all__ = ["ring", "ring_processes"]


def talking_to(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, trust_env=False)


@pytest.fixture
async def one(ring: Ring) -> AsyncIterator[httpx.AsyncClient]:
    async with talking_to(ring.url) as http:
        yield http


@pytest.fixture
async def other(ring: Ring) -> AsyncIterator[httpx.AsyncClient]:
    """A second edge on the same database and coordinator."""
    settings = Settings.from_env(ring.env)
    with bound(Address("127.0.0.1", 0)) as listener:
        async with create_pool(settings.database_url, role="edge", size=4) as pool:
            edge = Edge(settings, pool, listener)
            await edge.start()
            try:
                await eventually(lambda: edge.coordinators.links[0].connected)
                async with talking_to(f"http://127.0.0.1:{edge.server.port}") as http:
                    yield http
            finally:
                await edge.stop()


async def told(http, task_id):
    """The events of this task, in the order in which this edge tells them."""
    return [event["event"] for event in (await http.get("/api/logs")).json() if event.get("task_id") == task_id]


async def status(http, task_id):
    return (await http.get(f"/api/tasks/{task_id}")).json()["status"]


async def schedule(http, command="noop", **task):
    return (await http.post("/api/schedule", json={"command": command, **task})).json()["task_id"]


async def test_the_whole_life_of_a_task_is_heard_once_at_both_and_in_order_where_it_was_posted(one, other):
    """The other one hears of the task from the edge that took it and of its lease from the coordinator, which finds it
    in the table by itself if it happens to look before it is told."""
    for here in (one, other):
        task_id = await schedule(here)

        async def both_heard_all(task_id=task_id):
            heard = [await told(http, task_id) for http in (one, other)]
            return all({"task_scheduled", "task_assigned", "task_completed"} <= {*events} for events in heard)

        await eventually(both_heard_all)
        for http in (one, other):
            events = await told(http, task_id)
            assert len(events) == len(set(events))
        events = await told(here, task_id)
        assert (events[0], events[-1]) == ("task_scheduled", "task_completed")


async def test_what_one_cancels_or_runs_again_the_other_sees_and_tells(one, other):
    task_id = await schedule(one, delay_seconds=3600)

    async def other_knows():
        return await told(other, task_id) == ["task_scheduled"]

    # Whoever cancels tells so at once; what another edge took is told by way of the coordinator, whenever that is.
    await eventually(other_knows)
    assert (await other.post(f"/api/tasks/{task_id}/cancel")).json()["changed"]
    assert await status(one, task_id) == "CANCELLED"
    again = (await one.post(f"/api/tasks/{task_id}/cancel")).json()
    assert (again["changed"], again["detail"]) == (False, "it is cancelled already")

    async def heard():
        return (await told(one, task_id)) == (await told(other, task_id)) == ["task_scheduled", "task_cancelled"]

    await eventually(heard)
    assert (await one.post(f"/api/tasks/{task_id}/retry")).json()["changed"]

    async def complete():
        return await status(other, task_id) == "COMPLETE"

    await eventually(complete)


async def test_a_running_task_is_stopped_through_the_edge_that_did_not_start_it(one, other):
    task_id = await schedule(one, "shell", payload={"argv": ["sleep", "600"]})

    async def started():
        return await status(other, task_id) == "STARTED"

    async def idle():
        return [worker["running"] for worker in (await one.get("/api/workers")).json()] == [0]

    await eventually(started)
    assert (await other.post("/api/tasks/cancel", json={"task_ids": [task_id]})).json()["changed"] == 1
    await eventually(idle)


async def test_the_same_key_at_both_at_once_is_one_task(one, other):
    key = {"unique_key": "only one", "delay_seconds": 3600}
    tasks = await asyncio.gather(*(schedule(http, **key) for http in (one, other) * 5))
    assert len(set(tasks)) == 1


async def test_the_same_task_cancelled_at_both_at_once_is_changed_once(one, other):
    task_id = await schedule(one, delay_seconds=3600)
    answers = await asyncio.gather(*(http.post(f"/api/tasks/{task_id}/cancel") for http in (one, other) * 5))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert sum(answer.json()["changed"] for answer in answers) == 1
