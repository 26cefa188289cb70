"""What the edge answers, as typed values. Instants are aware datetimes in UTC; fields a newer edge adds are ignored."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from cluster.core.errors import TaskMasterError
from cluster.core.task import Status

T = TypeVar("T")

FINAL = frozenset({Status.COMPLETE, Status.FAILED, Status.CANCELLED})


class Scheduled(msgspec.Struct, frozen=True):
    """`scheduled_at`: seconds since the epoch. `created`: by this request; else it is the task that was there first."""

    task_id: UUID
    command: str
    scheduled_at: float
    created: bool = True


class ScheduledMany(msgspec.Struct, frozen=True):
    count: int
    task_ids: list[UUID]


class Attempt(msgspec.Struct, frozen=True):
    """How one attempt of a task ended, or what else befell it. `outcome`: failed, crashed, rescued, stale, dead,
    cancelled, quarantined, retried.
    """

    at: datetime
    outcome: str
    attempt: int | None = None
    worker_id: str | None = None
    token: int | None = None
    error: str | None = None


class Task(msgspec.Struct, frozen=True):
    """One task. An instant is None until it happens; `result` is the JSON value the function returned.

    `waited_seconds`: from due to begun; `ran_seconds`: from begun to finished; None until then. `progress`: 0 to 1,
    while it runs and says so. `attempts`: how earlier ones ended; None in a list of tasks.
    """

    task_id: UUID
    command: str
    status: Status
    scheduled_at: datetime
    state: str = ""
    queue: str = "default"
    priority: int = 0
    payload: Any = None
    created_at: datetime | None = None
    picked_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    cancelled_at: datetime | None = None
    worker_id: str | None = None
    attempt: int = 0
    max_attempts: int | None = None
    timeout_seconds: float | None = None
    waited_seconds: float | None = None
    ran_seconds: float | None = None
    crash_count: int = 0
    unique_key: str | None = None
    progress: float | None = None
    progress_message: str | None = None
    error: str | None = None
    result: Any = None
    attempts: list[Attempt] | None = None

    @property
    def finished(self) -> bool:
        return self.status in FINAL

    @property
    def finished_at(self) -> datetime | None:
        return self.completed_at or self.failed_at or self.cancelled_at


class Tasks(msgspec.Struct, frozen=True):
    tasks: list[Task]


class TaskPage(msgspec.Struct, frozen=True):
    """`next_cursor`: where the next page begins, None on the last one; others may be short, or empty."""

    tasks: list[Task]
    next_cursor: str | None = None


class Change(msgspec.Struct, frozen=True):
    """What became of a task that was to be cancelled or run again. `was`: its state before; `detail`: in words."""

    task_id: UUID
    changed: bool
    was: str
    status: Status
    detail: str = ""


class Changes(msgspec.Struct, frozen=True):
    """What became of many. `count`: those that changed, of which `task_ids` names at most 1,000. `refused`: how many of
    the unchanged ones are not as it was wanted; `reasons`: why tasks are unchanged, and how many for each. `more`: more
    fit than the limit allows. With `dry_run` it says what would become of them, and `changed` is 0.
    """

    changed: int
    unchanged: int
    task_ids: list[UUID]
    more: bool = False
    refused: int = 0
    reasons: dict[str, int] = {}
    count: int = 0
    dry_run: bool = False


class Why(msgspec.Struct, frozen=True):
    """Why a task is not running, or that it is. `reason`: one word; `summary` and `advice`: sentences. `until`: when
    that ends by itself. `ahead`: tasks whose turn is before its own, at least so many if `ahead_at_least`.
    """

    task_id: UUID
    status: Status
    state: str
    reason: str
    summary: str
    advice: str | None = None
    until: datetime | None = None
    ahead: int | None = None
    ahead_at_least: bool = False


class Queue(msgspec.Struct, frozen=True):
    """A queue that is paused or has tasks. `partial`: its numbers are of the first 10,000 tasks of each state."""

    queue: str
    paused: bool
    paused_at: datetime | None = None
    pending: int = 0
    waiting: int = 0
    scheduled: int = 0
    parked: int = 0
    running: int = 0
    partial: bool = False


class Pause(msgspec.Struct, frozen=True):
    """How a queue is now. `changed`: it was otherwise before."""

    queue: str
    paused: bool
    paused_at: datetime | None = None
    changed: bool = False


class Parameter(msgspec.Struct, frozen=True):
    """A keyword argument of a command. `schema`: its JSON Schema."""

    name: str
    required: bool
    type: str | None = None
    default: Any = None
    schema: dict[str, Any] = {}


class Command(msgspec.Struct, frozen=True):
    """What so many live workers offer. `parameters`: None = they do not say."""

    command: str
    description: str
    workers: int
    timeout_seconds: float | None = None
    max_attempts: int | None = None
    parameters: list[Parameter] | None = None
    open: bool = True


class Current(msgspec.Struct, frozen=True):
    """A task that a worker holds. `state`: running, or leased: it waits there for a free slot."""

    task_id: UUID
    command: str
    state: str
    started_at: datetime | None = None


class Worker(msgspec.Struct, frozen=True):
    """One live worker. `running`: tasks it holds; of `tasks` and `current_task_ids` the edge shows only the first ones.
    `rate`: tasks it finished per second of late.
    """

    worker_id: str
    name: str
    address: str
    status: str
    slots: int
    running: int
    last_heartbeat: datetime
    current_task_ids: list[UUID] = []
    tasks_completed: int = 0
    tasks_failed: int = 0
    rate: float = 0.0
    tasks: list[Current] = []
    commands: list[str] = []
    started_at: datetime | None = None
    coordinator: str = ""
    rss_bytes: int = 0
    loop_lag_seconds: float = 0.0


class Stats(msgspec.Struct, frozen=True):
    """Numbers of tasks by what became of them; `throughput`: finished per second over the last 10 s. `slots`: of all
    workers.

    What befell them: `retried`, `rescued` from lost workers, `stale` outcomes refused, `quarantined` after crashes.
    """

    total: int
    pending: int
    running: int
    completed: int
    failed: int
    throughput: float
    cancelled: int = 0
    retried: int = 0
    rescued: int = 0
    stale: int = 0
    quarantined: int = 0
    slots: int = 0
    workers: list[Worker] = []


class LogEvent(msgspec.Struct, frozen=True):
    """One line of the activity log. `id` is what `Client.events(after=…)` resumes from. `counts`: of tasks_summary, how
    many events of each name it stands for.
    """

    event: str
    level: str
    msg: str
    timestamp: datetime
    id: str = ""
    task_id: str | None = None
    worker_id: str | None = None
    counts: dict[str, int] = {}


def reader(kind: type[T]) -> Callable[[bytes], T]:
    """Reads an answer's body as `kind`; raises TaskMasterError if it is something else."""
    decoder = msgspec.json.Decoder(kind)

    def read(content: bytes) -> T:
        try:
            return decoder.decode(content)
        except msgspec.DecodeError as error:
            raise TaskMasterError(f"the answer is not one of this version of TaskMaster: {error}") from error

    return read


def nothing(_answer: object) -> None:
    """For answers that say nothing beyond their status."""
