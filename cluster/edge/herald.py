"""What this edge did, told to those who watch it and to the coordinators, after the COMMIT: what was not acknowledged
did not happen.

A coordinator may lease a task before our COMMIT has returned, and nobody may hear `task_started` before
`task_scheduled`: so the ids are announced before the INSERT (`expect`), and what others say of them waits.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from cluster.core.budget import Budget
from cluster.core.events import Event, EventName, ScheduledFirst, scheduled_text
from cluster.core.steering import CANCEL, RETRY
from cluster.edge.coordinators import Coordinators
from cluster.edge.feed import Feed
from cluster.edge.link import EndedLease
from cluster.runtime import telemetry
from cluster.store.clock import DatabaseClock
from cluster.store.enqueue import Enqueued
from cluster.store.steering import Change

T = TypeVar("T")


class Herald:
    """State: none of its own; `order` holds what waits for a commit, `budget` what may still be told one by one."""

    def __init__(
        self, *, clock: DatabaseClock, feed: Feed, coordinators: Coordinators, order: ScheduledFirst, budget: Budget
    ) -> None:
        self._clock = clock
        self._feed = feed
        self._coordinators = coordinators
        self._order = order
        self._budget = budget

    def expect(self, task_ids: Sequence[str]) -> None:
        """These tasks are about to be committed; `scheduled` must follow, whatever comes of it."""
        self._order.expect(task_ids)

    def scheduled(self, task_ids: Sequence[str], created: Sequence[Enqueued]) -> None:
        """The expected tasks, and those of them that are new."""
        events = self._events(EventName.TASK_SCHEDULED, created, _scheduled)
        self._feed.publish(self._order.settle(task_ids, events))
        if created:
            ready = [task.ready for task in created]
            self._coordinators.tasks_enqueued(events, ready=any(ready), later=not all(ready))

    def cancelled(self, changes: Sequence[Change]) -> None:
        """These tasks are cancelled; the workers that held some of them shall stop at once."""
        events = self._events(EventName.TASK_CANCELLED, changes, _cancelled)
        self._feed.publish(self._order.admit(events))
        self._coordinators.leases_ended([lease for change in changes if (lease := _lease(change))], events)

    def retried(self, changes: Sequence[Change]) -> None:
        """These tasks are ready again."""
        events = self._events(EventName.TASK_RETRIED, changes, _retried)
        self._feed.publish(self._order.admit(events))
        self._coordinators.tasks_enqueued(events)

    def queue_changed(self, queue: str, *, paused: bool) -> None:
        """This queue is paused now, or not any more."""
        name = EventName.QUEUE_PAUSED if paused else EventName.QUEUE_RESUMED
        said = "is paused: its tasks wait" if paused else "goes on: its tasks may run again"
        event = Event(name, f"The queue {queue} {said}", self._clock.now_us())
        telemetry.emit(name, queue=queue)
        self._feed.publish([event])
        self._coordinators.pass_on([event])

    async def tell_summary(self) -> None:
        """One turn of the loop that tells what was too much to tell one by one."""
        summary = self._budget.summary(time.monotonic(), self._clock.now_us())
        if summary is not None:
            self._feed.publish([summary])
            self._coordinators.pass_on([summary])

    def _events(self, name: EventName, facts: Sequence[T], event: Callable[[T, int], Event]) -> list[Event]:
        if not facts:
            return []
        telemetry.tally(name, len(facts))
        now, now_us = time.monotonic(), self._clock.now_us()
        summary = self._budget.summary(now, now_us)
        told = self._budget.take(name, len(facts), now)
        events = [event(fact, now_us) for fact in facts[:told]]
        return events if summary is None else [summary, *events]


def _scheduled(task: Enqueued, now_us: int) -> Event:
    text = scheduled_text(task.command, task.scheduled_at, ready=task.ready)
    return Event(EventName.TASK_SCHEDULED, text, now_us, task_id=str(task.id))


def _cancelled(change: Change, now_us: int) -> Event:
    text = CANCEL.told(change.command, change.was)
    return Event(EventName.TASK_CANCELLED, text, now_us, task_id=str(change.id), worker_id=change.worker_id or "")


def _retried(change: Change, now_us: int) -> Event:
    text = RETRY.told(change.command, change.was)
    return Event(EventName.TASK_RETRIED, text, now_us, task_id=str(change.id))


def _lease(change: Change) -> EndedLease | None:
    if change.session_id is None or change.token is None:
        return None
    return EndedLease(change.session_id, change.id, change.token)
