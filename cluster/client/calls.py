"""One function per route: what to send, and how to read what comes back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypedDict, TypeVar
from uuid import UUID

import httpx
import msgspec

from cluster.client import answers, posting
from cluster.client.problems import problem
from cluster.core.new_task import NewTask

T = TypeVar("T")

_read_scheduled = answers.reader(answers.Scheduled)
_read_many = answers.reader(answers.ScheduledMany)
_read_task = answers.reader(answers.Task)
_read_found = answers.reader(answers.Tasks)
_read_page = answers.reader(answers.TaskPage)
_read_stats = answers.reader(answers.Stats)
_read_workers = answers.reader(list[answers.Worker])
_read_events = answers.reader(list[answers.LogEvent])


def _read_statuses(content: bytes) -> list[answers.Task]:
    return _read_found(content).tasks


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. `repeatable`: sending it again after a broken connection cannot do harm."""

    method: str
    path: str
    read: Callable[[bytes], T]
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
        return self.read(response.content)


class Which(TypedDict, total=False):
    """Which tasks to list; what is None or left out does not matter. `status`: QUEUED, STARTED, COMPLETE, …"""

    status: str | None
    queue: str | None
    command: str | None
    worker: str | None


def schedule(task: NewTask) -> Call[answers.Scheduled]:
    return Call("POST", "/api/schedule", _read_scheduled, body=posting.body(task))


def schedule_many(bodies: Sequence[bytes]) -> Call[answers.ScheduledMany]:
    """One batch as `posting.batches` cut it."""
    return Call("POST", "/api/schedule/batch", _read_many, body=b'{"tasks":[' + b",".join(bodies) + b"]}")


def status(task_id: UUID | str) -> Call[answers.Task]:
    return Call("GET", "/api/status", _read_task, params={"task_id": str(task_id)})


def statuses(task_ids: Sequence[UUID]) -> Call[list[answers.Task]]:
    """At most `core.limits.LOOKUP_TASKS` tasks; those that are not known are left out."""
    body = msgspec.json.encode({"task_ids": task_ids})
    return Call("POST", "/api/status/batch", _read_statuses, body=body)


def tasks(which: Which, limit: int, cursor: str | None) -> Call[answers.TaskPage]:
    asked = {**which, "limit": limit, "cursor": cursor}
    params = {name: str(value) for name, value in asked.items() if value is not None}
    return Call("GET", "/api/tasks", _read_page, params=params)


def stats() -> Call[answers.Stats]:
    return Call("GET", "/api/stats", _read_stats)


def workers() -> Call[list[answers.Worker]]:
    return Call("GET", "/api/workers", _read_workers)


def scale(count: int) -> Call[None]:
    return Call("POST", "/api/workers/scale", answers.nothing, body=msgspec.json.encode({"count": count}))


def kill(name: str) -> Call[None]:
    body = msgspec.json.encode({"name": name})
    return Call("POST", "/api/workers/kill", answers.nothing, body=body, repeatable=False)


def logs() -> Call[list[answers.LogEvent]]:
    return Call("GET", "/api/logs", _read_events)


def alive() -> Call[None]:
    """Whether the edge answers at all; not repeated, for this is the question."""
    return Call("GET", "/healthz", answers.nothing, repeatable=False)


def ready() -> Call[None]:
    """Whether the edge reaches PostgreSQL and a coordinator; a problem's detail says what is missing."""
    return Call("GET", "/readyz", answers.nothing, repeatable=False)
