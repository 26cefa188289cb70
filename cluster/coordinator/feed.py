"""Events for those who watch: told within a budget, kept in a ring, carried to every edge by WatchEvents.

The ring holds them as the bytes they travel in: a quarter of what twenty thousand message objects take.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from cluster.core.budget import Budget
from cluster.core.events import Event, EventName, ScheduledFirst
from cluster.runtime.ticker import Ticker
from cluster.store.clock import DatabaseClock
from cluster.wire.convert import event_message
from cluster.wire.taskmaster_pb2 import Event as EventMessage
from cluster.wire.taskmaster_pb2 import EventBatch

T = TypeVar("T")

RING = 20_000
"""Events kept for watchers that come back: two bursts."""
BATCH = 2_000
"""Events in one message."""


class TaskNews(Struct, frozen=True):
    """What happened to one task: `us_ago` microseconds before now."""

    task_id: str
    worker_id: str
    msg: str
    us_ago: int = 0


class _Kept(Struct, gc=False):
    """An event as it travels. `origin`: the watcher that told it, "" = this coordinator."""

    origin: str
    event: bytes


class Feed:
    """State: the ring, the number of its last event, what waits for its task_scheduled, and who wants to be woken: one
    entry for each open watch."""

    def __init__(self, coordinator_id: str, clock: DatabaseClock) -> None:
        self.coordinator_id = coordinator_id
        self.order = ScheduledFirst()
        self._clock = clock
        self._budget = Budget()
        self._ring: deque[_Kept] = deque(maxlen=RING)
        self._last = 0
        self._watchers: set[asyncio.Event] = set()
        self._sums = Ticker("event summaries", 1.0, self._tell_sums)
        self._closed = False

    def __repr__(self) -> str:
        return f"<Feed last={self._last} watchers={len(self._watchers)}>"

    async def start(self) -> None:
        await self._sums.start()

    async def stop(self) -> None:
        """End every watch."""
        self._closed = True
        self._wake()
        await self._sums.stop()

    def tell(self, name: EventName, msg: str, *, level: str = "info", task_id: str = "", worker_id: str = "") -> None:
        """One event, outside the budget: for what is rare."""
        self._append([Event(name, msg, self._clock.now_us(), level, task_id, worker_id)])

    def tell_tasks(
        self, name: EventName, tasks: Sequence[T], render: Callable[[T], TaskNews], *, level: str = "info"
    ) -> None:
        """The same happened to many tasks: told one by one as far as the budget goes, else in the next summary."""
        if tasks:
            self._append(self._events(name, tasks, render, level))

    def scheduled(self, task_ids: Sequence[str], created: Sequence[T], render: Callable[[T], TaskNews]) -> None:
        """The expected tasks, and those of them that are new: told before what waited for them."""
        events = self._events(EventName.TASK_SCHEDULED, created, render, "info") if created else ()
        self._push(self.order.settle(task_ids, events), origin="")

    def relay(self, events: Iterable[EventMessage], origin: str) -> None:
        """Events of an edge, for the other edges."""
        for event in events:
            self._last += 1
            self._ring.append(_Kept(origin, event.SerializeToString()))
        self._wake()

    async def watch(self, coordinator_id: str, after: int, watcher_id: str) -> AsyncIterator[EventBatch]:
        """Events after number `after`, then live; without those that came from `watcher_id`. Ends when the feed stops.

        `after` counts only if it speaks of this life of this coordinator. Who watched an earlier one has heard nothing
        of this one and gets all of it; who never watched begins now. What came from a watcher itself moves its number
        on, but is no reason to tell it that each time.
        """
        told = seen = self._first_for(coordinator_id, after)
        woken = asyncio.Event()
        self._watchers.add(woken)
        try:
            yield EventBatch(coordinator_id=self.coordinator_id, last=seen)
            while True:
                closed = self._closed
                woken.clear()
                while seen < self._last:
                    batch, seen = self._since(seen, watcher_id)
                    if batch.events or batch.missed or seen - told >= BATCH:
                        told = seen
                        yield batch
                if closed:
                    return
                await woken.wait()
        finally:
            self._watchers.discard(woken)

    def _first_for(self, coordinator_id: str, after: int) -> int:
        if not coordinator_id:
            return self._last
        return min(after, self._last) if coordinator_id == self.coordinator_id else 0

    def _since(self, seen: int, watcher_id: str) -> tuple[EventBatch, int]:
        oldest = self._last - len(self._ring) + 1
        first = max(seen + 1, oldest)
        last = min(self._last, first + BATCH - 1)
        rows = [self._ring[index] for index in range(first - oldest, last - oldest + 1)]
        batch = EventBatch(coordinator_id=self.coordinator_id, last=last, missed=first - seen - 1)
        for kept in rows:
            if not kept.origin or kept.origin != watcher_id:
                batch.events.add().MergeFromString(kept.event)
        return batch, last

    async def _tell_sums(self) -> None:
        if summary := self._budget.summary(time.monotonic(), self._clock.now_us()):
            self._append([summary])

    def _events(
        self, name: EventName, tasks: Sequence[T], render: Callable[[T], TaskNews], level: str
    ) -> Iterator[Event]:
        now_us = self._clock.now_us()
        told = tasks[: self._budget.take(name, len(tasks), time.monotonic())]
        return (_event(name, render(task), now_us, level) for task in told)

    def _append(self, events: Iterable[Event]) -> None:
        self._push(self.order.admit(events), origin="")

    def _push(self, events: Iterable[Event], origin: str) -> None:
        self.relay(map(event_message, events), origin)

    def _wake(self) -> None:
        for woken in self._watchers:
            woken.set()


def _event(name: EventName, news: TaskNews, now_us: int, level: str) -> Event:
    return Event(name, news.msg, now_us - news.us_ago, level, news.task_id, news.worker_id)
