"""What is told to those who watch: the events of the public stream, and the order they may be told in."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class EventName(StrEnum):
    TASK_SCHEDULED = "task_scheduled"
    TASK_ASSIGNED = "task_assigned"
    TASK_STARTED = "task_started"
    TASK_COMPLETED = "task_completed"
    TASK_FAILED = "task_failed"
    TASK_CANCELLED = "task_cancelled"
    TASK_RETRIED = "task_retried"
    TASK_RELEASED = "task_released"
    TASK_RESCUED = "task_rescued"
    TASK_PARKED = "task_parked"
    TASK_ISOLATED = "task_isolated"
    TASK_QUARANTINED = "task_quarantined"
    TASK_PROGRESS = "task_progress"
    TASK_STALE = "task_stale"
    TASKS_SUMMARY = "tasks_summary"
    WORKER_ONLINE = "worker_online"
    WORKER_DRAINING = "worker_draining"
    WORKER_BLOCKED = "worker_blocked"
    WORKER_OFFLINE = "worker_offline"
    QUEUE_PAUSED = "queue_paused"
    QUEUE_RESUMED = "queue_resumed"
    WORKERS_SCALED = "workers_scaled"
    WORKER_KILLED = "worker_killed"
    LEADER_ELECTED = "leader_elected"
    EVENTS_MISSED = "events_missed"


class Event(Struct, frozen=True):
    """One line of the activity log. `timestamp_us`: microseconds since the epoch by the database clock. `counts`: of a
    summary, how many events of each name it stands for.
    """

    event: str
    msg: str
    timestamp_us: int
    level: str = "info"
    task_id: str = ""
    worker_id: str = ""
    counts: Mapping[str, int] = {}


def scheduled_text(command: str, at: datetime, *, ready: bool) -> str:
    """What is told of a new task. `at`: in UTC."""
    return f"{command} is scheduled " + ("to run now" if ready else f"for {at:%Y-%m-%d %H:%M:%S} UTC")


class ScheduledFirst:
    """Lets nobody hear of a task before they heard that it was scheduled.

    A coordinator may lease a task before its enqueuer has returned from COMMIT. The enqueuer names the ids it is about
    to commit (`expect`); what others tell about them waits until it says how that ended (`settle`). State: the waiting
    events by task id, never more ids than requests in flight have, and at most MOST of each; what is more is not told.
    """

    MOST = 100

    def __init__(self) -> None:
        self._waiting: dict[str, list[Event]] = {}

    def __repr__(self) -> str:
        return f"<ScheduledFirst waiting={len(self._waiting)}>"

    def expect(self, task_ids: Iterable[str]) -> None:
        """These ids are about to be committed."""
        for task_id in task_ids:
            self._waiting.setdefault(task_id, [])

    def settle(self, task_ids: Iterable[str], scheduled: Iterable[Event]) -> list[Event]:
        """The commit returned or failed: `scheduled` first, then whatever waited for it."""
        released = list(scheduled)
        for task_id in task_ids:
            released.extend(self._waiting.pop(task_id, ()))
        return released

    def admit(self, events: Iterable[Event]) -> Iterator[Event]:
        """Those of the events that may be told now; the others wait."""
        for event in events:
            waiting = self._waiting.get(event.task_id) if event.task_id else None
            if waiting is None:
                yield event
            elif len(waiting) < self.MOST:
                waiting.append(event)
