"""The coordinator's feed: a ring, numbered, that says when something is gone."""

import asyncio

from cluster.coordinator import feed as module
from cluster.coordinator.feed import Feed, TaskNews
from cluster.core.budget import BURST
from cluster.core.events import EventName
from cluster.store.clock import DatabaseClock
from cluster.wire import taskmaster_pb2 as pb


def feed() -> Feed:
    return Feed("c", DatabaseClock())


def tell(it: Feed, *messages: str) -> None:
    for msg in messages:
        it.tell(EventName.WORKER_ONLINE, msg)


async def heard(
    it: Feed, count: int, *, coordinator: str = "c", after: int = 0, watcher: str = ""
) -> list[pb.EventBatch]:
    """Batches until `count` events came."""
    batches: list[pb.EventBatch] = []
    async with asyncio.timeout(30):
        async for batch in it.watch(coordinator, after, watcher):
            batches.append(batch)
            if sum(len(one.events) for one in batches) >= count:
                break
    return batches


async def test_a_watcher_resumes_where_it_was():
    it = feed()
    tell(it, "a", "b", "c")
    batches = await heard(it, 2, after=1)
    assert [event.msg for batch in batches for event in batch.events] == ["b", "c"]
    assert batches[-1].last == 3


async def test_who_watched_an_earlier_life_hears_all_of_this_one():
    it = feed()
    tell(it, "born", "grown")
    batches = await heard(it, 2, coordinator="an earlier life", after=70)
    assert [event.msg for batch in batches for event in batch.events] == ["born", "grown"]


async def test_who_never_watched_begins_now():
    it = feed()
    tell(it, "old")
    watching = asyncio.create_task(heard(it, 1, coordinator=""))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tell(it, "new")
    assert [event.msg for batch in await watching for event in batch.events] == ["new"]


async def test_what_fell_out_of_the_ring_is_counted_as_missed(monkeypatch):
    monkeypatch.setattr(module, "RING", 5)
    it = Feed("c", DatabaseClock())
    tell(it, *map(str, range(8)))
    batches = await heard(it, 5, after=1)
    assert sum(batch.missed for batch in batches) == 2
    assert [event.msg for batch in batches for event in batch.events] == ["3", "4", "5", "6", "7"]


async def test_tasks_beyond_the_budget_are_told_as_a_sum():
    it = feed()
    it.tell_tasks(EventName.TASK_ASSIGNED, range(BURST + 7), lambda n: TaskNews(str(n), "w", "assigned"))
    batches = await heard(it, BURST)
    assert sum(len(batch.events) for batch in batches) == BURST


async def test_nobody_hears_of_a_task_before_it_was_scheduled():
    it = feed()
    it.order.expect(["t"])
    it.tell_tasks(EventName.TASK_ASSIGNED, ["t"], lambda task: TaskNews(task, "w", "assigned"))
    it.scheduled(["t"], ["t"], lambda task: TaskNews(task, "", "scheduled"))
    [opening, batch] = await heard(it, 2)
    assert not opening.events
    assert [event.event for event in batch.events] == ["task_scheduled", "task_assigned"]


async def test_stop_ends_every_watch():
    it = feed()
    await it.start()
    watching = asyncio.create_task(heard(it, 99))
    await asyncio.sleep(0)
    await it.stop()
    assert await asyncio.wait_for(watching, 30)


async def test_what_was_told_just_before_the_end_is_heard():
    it = feed()
    await it.start()
    tell(it, "first")
    watching = asyncio.create_task(heard(it, 2, after=0))
    await asyncio.sleep(0.01)
    tell(it, "last")
    await it.stop()
    assert [event.msg for batch in await watching for event in batch.events] == ["first", "last"]
