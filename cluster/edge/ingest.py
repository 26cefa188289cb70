"""The way in: a checked task becomes a row, then an event, then a hint to the coordinators. Only the row is waited for.

Order matters twice. The ids are announced before the INSERT, because a coordinator may lease a task before our COMMIT
has returned, and nobody may hear `task_started` before `task_scheduled`. And the event is told after the COMMIT, for
what was not acknowledged did not happen.
"""

import time
from collections.abc import Sequence

from cluster.core.budget import Budget
from cluster.core.events import Event, EventName, ScheduledFirst
from cluster.core.new_task import NewTask
from cluster.edge.coordinators import Coordinators
from cluster.edge.feed import Feed
from cluster.runtime import telemetry
from cluster.store.certainty import enqueue_for_certain
from cluster.store.clock import DatabaseClock
from cluster.store.enqueue import Enqueued
from cluster.store.pool import Pool


class Ingest:
    """State: none of its own; `order` holds what waits for a commit, `budget` what may still be told one by one."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: DatabaseClock,
        feed: Feed,
        coordinators: Coordinators,
        order: ScheduledFirst,
        budget: Budget,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._feed = feed
        self._coordinators = coordinators
        self._order = order
        self._budget = budget

    async def enqueue(self, tasks: Sequence[NewTask]) -> list[Enqueued]:
        """All of them or none; returns after COMMIT, in the order of `tasks`. Raises as `enqueue_for_certain`."""
        ids = [str(task.id) for task in tasks]
        self._order.expect(ids)
        created: list[Enqueued] = []
        try:
            enqueued = await enqueue_for_certain(self._pool, tasks)
            created = [task for task in enqueued if task.created]
            return enqueued
        finally:
            self._tell(ids, created)

    async def tell_summary(self) -> None:
        """One turn of the loop that tells what was too much to tell one by one."""
        summary = self._budget.summary(time.monotonic(), self._clock.now_us())
        if summary is not None:
            self._feed.publish([summary])
            self._coordinators.tasks_enqueued([summary])

    def _tell(self, ids: Sequence[str], created: Sequence[Enqueued]) -> None:
        events = self._events(created) if created else []
        self._feed.publish(self._order.settle(ids, events))
        if created:
            telemetry.tally(EventName.TASK_SCHEDULED, len(created))
            self._coordinators.tasks_enqueued(events)

    def _events(self, created: Sequence[Enqueued]) -> list[Event]:
        now, now_us = time.monotonic(), self._clock.now_us()
        summary = self._budget.summary(now, now_us)
        told = self._budget.take(EventName.TASK_SCHEDULED, len(created), now)
        events = [_scheduled(task, now_us) for task in created[:told]]
        return events if summary is None else [summary, *events]


def _scheduled(task: Enqueued, now_us: int) -> Event:
    when = "to run now" if task.ready else f"for {task.scheduled_at:%Y-%m-%d %H:%M:%S} UTC"
    return Event(EventName.TASK_SCHEDULED, f"{task.command} is scheduled {when}", now_us, task_id=str(task.id))
