"""What was asked for over HTTP becomes tasks of the core, checked by the core's own rules."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Raw

from cluster.core import limits
from cluster.core.errors import InvalidTask, PayloadTooLarge
from cluster.core.new_task import NewTask
from cluster.core.payload import checked_payload
from cluster.edge.payloads import Copies, Schedule, Several
from cluster.runtime.ids import new_id

NowUs = Callable[[], int]
"""Microseconds since the epoch by the database clock."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_task(asked: Schedule, now_us: NowUs) -> NewTask:
    """Raises InvalidTask or PayloadTooLarge. `now_us`: the database clock, for the bounds of scheduled_at."""
    if asked.scheduled_at is not None and asked.delay_seconds:
        raise InvalidTask("give scheduled_at or delay_seconds, not both")
    return NewTask(
        id=asked.task_id or new_id(),
        command=asked.command,
        payload=_payload(asked.payload),
        queue=asked.queue,
        priority=asked.priority,
        max_attempts=asked.max_attempts,
        timeout_ms=None if asked.timeout_seconds is None else round(asked.timeout_seconds * 1000),
        unique_key=asked.unique_key,
        due=None if asked.scheduled_at is None else _due(asked.scheduled_at, now_us),
        delay=asked.delay_seconds,
        id_given=asked.task_id is not None,
    )


def new_tasks(asked: Copies | Several, now_us: NowUs) -> list[NewTask]:
    """A whole batch. Raises InvalidTask, which says which task is wrong, or PayloadTooLarge."""
    tasks = _copies(asked) if isinstance(asked, Copies) else _each(asked.tasks, now_us)
    if sum(len(task.payload or b"") for task in tasks) > limits.BATCH_PAYLOAD_BYTES:
        most = limits.BATCH_PAYLOAD_BYTES // (1024 * 1024)
        raise PayloadTooLarge(f"the payloads of one batch must not exceed {most} MiB together; send several batches")
    return tasks


def _copies(asked: Copies) -> list[NewTask]:
    payload = _payload(asked.payload)
    return [
        NewTask(id=new_id(), command=asked.command, payload=payload, delay=asked.delay_seconds)
        for _ in range(asked.count)
    ]


def _each(asked: list[Schedule], now_us: NowUs) -> list[NewTask]:
    tasks = []
    for index, one in enumerate(asked):
        try:
            tasks.append(new_task(one, now_us))
        except InvalidTask as error:
            raise type(error)(f"tasks[{index}]: {error.detail}") from None
    return tasks


def _payload(raw: Raw) -> bytes | None:
    """The bytes as they came, never decoded and encoded again; nothing and null are none."""
    text = bytes(raw)
    return None if text in {b"", b"null"} else checked_payload(text)


def instant(text: str, name: str) -> datetime:
    """ISO 8601; without an offset it is UTC. Raises InvalidTask, which names the field."""
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidTask(f"{name} must be ISO 8601, like 2030-01-31T12:00:00+01:00 or …T11:00:00Z") from None


def _due(text: str, now_us: NowUs) -> datetime:
    """The bounds keep typing errors out, and what PostgreSQL cannot hold."""
    due = instant(text, "scheduled_at")
    latest = _EPOCH + timedelta(microseconds=now_us(), seconds=limits.DELAY_SECONDS_MAX)
    if not _EPOCH <= due <= latest:
        raise InvalidTask("scheduled_at must be from 1970 to ten years ahead")
    return due
