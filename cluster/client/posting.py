"""What is posted: a task checked against the limits before it leaves this process, and the JSON it travels as."""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypedDict
from uuid import UUID

import msgspec

from cluster.core.errors import InvalidTask
from cluster.core.limits import BATCH_TASKS, BODY_BYTES, TIMEOUT_SECONDS_MAX
from cluster.core.new_task import NewTask
from cluster.core.payload import checked_payload
from cluster.runtime.ids import new_id

_ENVELOPE_BYTES = 1024
"""Room in a batch's body for what surrounds its tasks."""


class Options(TypedDict, total=False):
    """How a task is to run. Times and durations: `at` an aware datetime, `delay` and `timeout` seconds."""

    task_id: UUID | None
    at: datetime | None
    delay: float
    queue: str
    priority: int
    max_attempts: int | None
    timeout: float | None
    unique_key: str | None


def new_task(
    command: str,
    payload: Mapping[str, object] | None = None,
    *,
    task_id: UUID | None = None,
    at: datetime | None = None,
    delay: float = 0.0,
    queue: str = "default",
    priority: int = 0,
    max_attempts: int | None = None,
    timeout: float | None = None,
    unique_key: str | None = None,
) -> NewTask:
    """One task to post; `payload` becomes the keyword arguments of the function registered as `command`.

    `at` (aware) or `delay` (seconds from now) says when; `timeout` is in seconds. Raises InvalidTask or
    PayloadTooLarge, whose message names the field.
    """
    if at is not None and delay:
        raise InvalidTask("give scheduled_at or a delay, not both")
    return NewTask(
        id=task_id or new_id(),
        command=command,
        payload=_encoded(payload),
        queue=queue,
        priority=priority,
        max_attempts=max_attempts,
        timeout_ms=None if timeout is None else _milliseconds(timeout),
        unique_key=unique_key,
        due=None if at is None else _existing(at),
        delay=delay,
        id_given=task_id is not None,
    )


def body(task: NewTask) -> bytes:
    """The task as POST /api/schedule takes it. Only what differs from the defaults is said."""
    fields: dict[str, object] = {"command": task.command, "task_id": str(task.id)}
    if task.payload is not None:
        fields["payload"] = msgspec.Raw(task.payload)
    if task.due is not None:
        fields["scheduled_at"] = task.due.astimezone(UTC).isoformat()
    optional = {
        "delay_seconds": task.delay or None,
        "queue": None if task.queue == "default" else task.queue,
        "priority": task.priority or None,
        "max_attempts": task.max_attempts,
        "timeout_seconds": None if task.timeout_ms is None else task.timeout_ms / 1000,
        "unique_key": task.unique_key,
    }
    fields.update((name, value) for name, value in optional.items() if value is not None)
    return msgspec.json.encode(fields)


def batches(tasks: Iterable[NewTask]) -> Iterator[list[bytes]]:
    """The bodies of the tasks in their order, in lists that each fit one request: its count and its bytes."""
    batch: list[bytes] = []
    size = 0
    for encoded in map(body, tasks):
        if size + len(encoded) > BODY_BYTES - _ENVELOPE_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded) + 1
        # As soon as it is full, not when the next task comes: that may take its time, or be an error.
        if len(batch) == BATCH_TASKS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _milliseconds(seconds: float) -> int:
    """Raises InvalidTask for infinity and NaN, which no number of milliseconds is."""
    if not math.isfinite(seconds * 1000):
        raise InvalidTask(f"timeout_seconds must be from 0.001 to {TIMEOUT_SECONDS_MAX}; it is {seconds}")
    return round(seconds * 1000)


def _existing(at: datetime) -> datetime:
    """`at` as it is. Raises InvalidTask when it lies in a year that UTC does not have."""
    try:
        at.astimezone(UTC)
    except (OverflowError, ValueError):
        raise InvalidTask("scheduled_at must lie in the years 1 to 9999 of UTC") from None
    return at


def _encoded(payload: Mapping[str, object] | None) -> bytes | None:
    if not payload:
        return None
    try:
        encoded = msgspec.json.encode(payload)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidTask(f"payload must be made of JSON values: {error}") from error
    return checked_payload(encoded)
