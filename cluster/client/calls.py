"""One function per route: what to send, and how to read what comes back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Generic, TypedDict, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from cluster.client import answers, posting
from cluster.client.problems import problem
from cluster.core.errors import InvalidTask
from cluster.core.new_task import NewTask

T = TypeVar("T")


def _reads(kind: type[T]) -> Callable[[httpx.Response], T]:
    read = answers.reader(kind)
    return lambda response: read(response.content)


_read_scheduled = answers.reader(answers.Scheduled)
_read_many = _reads(answers.ScheduledMany)
_read_task = _reads(answers.Task)
_read_found = answers.reader(answers.Tasks)
_read_page = _reads(answers.TaskPage)
_read_change = _reads(answers.Change)
_read_changes = _reads(answers.Changes)
_read_why = _reads(answers.Why)
_read_queues = _reads(list[answers.Queue])
_read_pause = _reads(answers.Pause)
_read_commands = _reads(list[answers.Command])
_read_stats = _reads(answers.Stats)
_read_workers = _reads(list[answers.Worker])
_read_events = _reads(list[answers.LogEvent])


def _read_new(response: httpx.Response) -> answers.Scheduled:
    scheduled = _read_scheduled(response.content)
    return msgspec.structs.replace(scheduled, created=response.status_code == HTTPStatus.CREATED)


def _read_statuses(response: httpx.Response) -> list[answers.Task]:
    return _read_found(response.content).tasks


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. `repeatable`: sending it again after a broken connection cannot do harm."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool = True

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.body is None else {"Content-Type": "application/json"}

    def answer(self, response: httpx.Response) -> T:
        """What came back; raises the error that it tells."""
        if not response.is_success:
            raise problem(response.status_code, response.content)
        return self.read(response)


class Which(TypedDict, total=False):
    """Which tasks; what is None or left out does not matter. `status`: QUEUED, STARTED, … or a state: ready, …
    `scheduled_from`, `scheduled_to`: aware; due then or later, due before then.
    """

    status: str | None
    queue: str | None
    command: str | None
    worker: str | None
    scheduled_from: datetime | None
    scheduled_to: datetime | None


def schedule(task: NewTask) -> Call[answers.Scheduled]:
    return Call("POST", "/api/schedule", _read_new, body=posting.body(task))


def schedule_many(bodies: Sequence[bytes]) -> Call[answers.ScheduledMany]:
    """One batch as `posting.batches` cut it."""
    return Call("POST", "/api/schedule/batch", _read_many, body=b'{"tasks":[' + b",".join(bodies) + b"]}")


def status(task_id: UUID | str) -> Call[answers.Task]:
    return Call("GET", "/api/status", _read_task, params={"task_id": _said(task_id)})


def statuses(task_ids: Sequence[UUID]) -> Call[list[answers.Task]]:
    """At most `core.limits.LOOKUP_TASKS` tasks; those that are not known are left out."""
    body = _json({"task_ids": task_ids})
    return Call("POST", "/api/status/batch", _read_statuses, body=body)


def tasks(which: Which, limit: int, cursor: str | None, *, newest: bool) -> Call[answers.TaskPage]:
    asked = {**which, "limit": limit, "cursor": cursor, "sort": "-scheduled_at" if newest else None}
    params = {name: _said(value) for name, value in asked.items() if value is not None}
    return Call("GET", "/api/tasks", _read_page, params=params)


def why(task_id: UUID | str) -> Call[answers.Why]:
    return Call("GET", f"/api/tasks/{checked_id(task_id)}/why", _read_why)


def queues() -> Call[list[answers.Queue]]:
    return Call("GET", "/api/queues", _read_queues)


def pause(queue: str) -> Call[answers.Pause]:
    return Call("POST", f"/api/queues/{_quoted(queue)}/pause", _read_pause)


def resume(queue: str) -> Call[answers.Pause]:
    return Call("POST", f"/api/queues/{_quoted(queue)}/resume", _read_pause)


def commands() -> Call[list[answers.Command]]:
    return Call("GET", "/api/commands", _read_commands)


def cancel(task_id: UUID | str) -> Call[answers.Change]:
    return Call("POST", f"/api/tasks/{checked_id(task_id)}/cancel", _read_change)


def retry(task_id: UUID | str) -> Call[answers.Change]:
    return Call("POST", f"/api/tasks/{checked_id(task_id)}/retry", _read_change)


def cancel_tasks(
    task_ids: Iterable[UUID | str] | None, limit: int | None, which: Which, *, dry_run: bool
) -> Call[answers.Changes]:
    return Call("POST", "/api/tasks/cancel", _read_changes, body=_selection(task_ids, limit, which, dry_run=dry_run))


def retry_tasks(
    task_ids: Iterable[UUID | str] | None, limit: int | None, which: Which, *, dry_run: bool
) -> Call[answers.Changes]:
    return Call("POST", "/api/tasks/retry", _read_changes, body=_selection(task_ids, limit, which, dry_run=dry_run))


def stats() -> Call[answers.Stats]:
    return Call("GET", "/api/stats", _read_stats)


def workers() -> Call[list[answers.Worker]]:
    return Call("GET", "/api/workers", _read_workers)


def scale(count: int) -> Call[None]:
    return Call("POST", "/api/workers/scale", answers.nothing, body=_json({"count": count}))


def kill(name: str) -> Call[None]:
    body = _json({"name": name})
    return Call("POST", "/api/workers/kill", answers.nothing, body=body, repeatable=False)


def drain(name: str) -> Call[None]:
    body = _json({"name": name})
    return Call("POST", "/api/workers/drain", answers.nothing, body=body, repeatable=False)


def logs() -> Call[list[answers.LogEvent]]:
    return Call("GET", "/api/logs", _read_events)


def alive() -> Call[None]:
    """Whether the edge answers at all; not repeated, for this is the question."""
    return Call("GET", "/healthz", answers.nothing, repeatable=False)


def ready() -> Call[None]:
    """Whether the edge reaches PostgreSQL and a coordinator; a problem's detail says what is missing."""
    return Call("GET", "/readyz", answers.nothing, repeatable=False)


def checked_id(task_id: UUID | str) -> UUID:
    """The id as one; a text goes into the path of a URL only if it is a UUID. Raises InvalidTask."""
    try:
        return UUID(str(task_id))
    except ValueError:
        raise InvalidTask(f"{str(task_id)[:100]!r} is not the id of a task, which is a UUID") from None


def _selection(task_ids: Iterable[UUID | str] | None, limit: int | None, which: Which, *, dry_run: bool) -> bytes:
    ids = None if task_ids is None else [str(task_id) for task_id in task_ids]
    asked = {"task_ids": ids, "limit": limit, "dry_run": dry_run or None, **which}
    return _json({name: value for name, value in asked.items() if value is not None})


def _json(value: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise _not_utf8(error) from None


def _said(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _not_utf8(error) from None
    return text


def _quoted(text: str) -> str:
    return quote(_said(text), safe="")


def _not_utf8(error: UnicodeEncodeError) -> InvalidTask:
    """What Python makes of bytes of a command line or a file that are not UTF-8 cannot be sent."""
    return InvalidTask(f"{error.object[:100]!r} is not text in UTF-8; write it in UTF-8")
