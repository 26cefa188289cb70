"""What may be asked for: every body and every query, as the types that validate it and that OpenAPI is made from."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from cluster.core import limits

_NAME_RULE = "letters, digits and _ . : / @ + -, beginning with a letter, a digit or _"
_CURSOR = "^[A-Za-z0-9_-]{40}$"
_ID = "^[0-9a-fA-F]{8}[0-9a-fA-F-]{0,28}$"
_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control characters: PostgreSQL's text cannot hold the first of them, and nobody can read the others."""
PATTERNS = {
    limits.NAME: f"must be made of {_NAME_RULE}",
    _TEXT: "must not hold NUL, line breaks or other control characters",
    _ID: "must be a task's id, or at least its first 8 digits",
    _CURSOR: "must be the next_cursor of an answer",
}
"""The patterns in words."""

Command = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.COMMAND_CHARACTERS,
        pattern=limits.NAME,
        description=f"The registered name of what to run: {_NAME_RULE}",
        examples=["noop"],
    ),
]
Queue = Annotated[
    str,
    Meta(min_length=1, max_length=limits.QUEUE_CHARACTERS, pattern=limits.NAME, description=f"A name: {_NAME_RULE}"),
]
UniqueKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.UNIQUE_KEY_CHARACTERS,
        pattern=_TEXT,
        description="Printable characters. While a task with this key is unfinished, another one is not enqueued",
    ),
]
Payload = Annotated[
    Raw,
    Meta(
        description=f"A JSON object of at most {limits.PAYLOAD_BYTES // 1024} KiB, the keyword arguments of the "
        f"function; nested at most {limits.PAYLOAD_DEPTH} levels, without NUL characters; null = none",
        extra_json_schema={"type": ["object", "null"]},
    ),
]
Delay = Annotated[
    float,
    Meta(ge=0, le=limits.DELAY_SECONDS_MAX, description="Seconds from now by the database clock"),
]
Instant = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="ISO 8601, from 1970 to ten years ahead; without an offset it is UTC",
        examples=["2030-01-31T12:00:00+01:00"],
        extra_json_schema={"format": "date-time"},
    ),
]
WorkerName = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=_TEXT, description="A worker's name or its worker_id")
]
WorkerCount = Annotated[int, Meta(ge=1, le=limits.WORKERS_MAX, description="How many worker processes there shall be")]
_UnfinishedState = Literal["scheduled", "ready", "leased", "running", "parked", "isolated", "paused"]
_UnsuccessfulState = Literal["failed", "cancelled", "dead", "quarantined"]
_State = Literal["complete", _UnfinishedState, _UnsuccessfulState]
AnyState = Annotated[_State, Meta(description="A state, which is finer than a status")]
AnyStatus = Annotated[
    Literal["QUEUED", "STARTED", "COMPLETE", "FAILED", "CANCELLED", _State],
    Meta(description="A status in capitals or one of the finer states"),
]
Unfinished = Annotated[
    Literal["QUEUED", "STARTED", _UnfinishedState],
    Meta(description="A status in capitals or one of the finer states; without it, whatever is unfinished"),
]
Unsuccessful = Annotated[
    Literal["FAILED", "CANCELLED", _UnsuccessfulState],
    Meta(description="A status in capitals or one of the finer states; without it, what failed and what was cancelled"),
]
Bound = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="ISO 8601; without an offset it is UTC",
        examples=["2030-01-31T12:00:00+01:00"],
        extra_json_schema={"format": "date-time"},
    ),
]
Since = Annotated[Bound, Meta(description="Due then or later: ISO 8601; without an offset it is UTC")]
Before = Annotated[Bound, Meta(description="Due before then: ISO 8601; without an offset it is UTC")]
IdBeginning = Annotated[str, Meta(pattern=_ID, description="A task's id, or at least its first 8 digits")]
DryRun = Annotated[bool, Meta(description="Change nothing, and say what would be changed")]
Most = Annotated[int, Meta(ge=1, le=limits.STEERED_TASKS, description="At most so many tasks, those due first")]


class Schedule(Struct, forbid_unknown_fields=True, kw_only=True):
    """One task. Give `scheduled_at` or `delay_seconds`, or neither for now."""

    command: Command
    payload: Payload = field(default_factory=Raw)
    scheduled_at: Instant | None = None
    delay_seconds: Delay = 0.0
    queue: Queue = "default"
    priority: Annotated[int, Meta(ge=limits.PRIORITY_MIN, le=limits.PRIORITY_MAX, description="Higher runs first")] = 0
    max_attempts: Annotated[int, Meta(ge=1, le=limits.ATTEMPTS_MAX)] | None = None
    timeout_seconds: Annotated[float, Meta(ge=0.001, le=limits.TIMEOUT_SECONDS_MAX)] | None = None
    unique_key: UniqueKey | None = None
    task_id: UUID | None = None


class Copies(Struct, forbid_unknown_fields=True, kw_only=True):
    """The same task `count` times."""

    count: Annotated[int, Meta(ge=1, le=limits.BATCH_TASKS)]
    command: Command = "demo-job"
    delay_seconds: Delay = 0.0
    payload: Payload = field(default_factory=Raw)


class Several(Struct, forbid_unknown_fields=True, kw_only=True):
    """Different tasks, all of them or none."""

    tasks: Annotated[list[Schedule], Meta(min_length=1, max_length=limits.BATCH_TASKS)]


class Scale(Struct, forbid_unknown_fields=True):
    """How many workers the supervisor shall run."""

    count: WorkerCount


class Kill(Struct, forbid_unknown_fields=True):
    """The worker that shall die at once."""

    name: WorkerName


class Drain(Struct, forbid_unknown_fields=True):
    """The worker that shall take no more, finish what runs, and end."""

    name: WorkerName


class Nothing(Struct, forbid_unknown_fields=True):
    """This route takes no parameters."""


class OneQueue(Struct, forbid_unknown_fields=True):
    """Which queue."""

    queue: Queue


class Window(Struct, forbid_unknown_fields=True):
    """Which part of the past: the last minute, quarter of an hour or day."""

    window: Annotated[Literal[60, 900, 86400], Meta(description="Seconds")] = 900


class OneTask(Struct, forbid_unknown_fields=True):
    """Which task."""

    task_id: UUID


class ManyTasks(Struct, forbid_unknown_fields=True):
    """Which tasks."""

    task_ids: Annotated[list[UUID], Meta(min_length=1, max_length=limits.LOOKUP_TASKS)]


class TheseTasks(Struct, forbid_unknown_fields=True):
    """Which tasks."""

    task_ids: Annotated[list[UUID], Meta(min_length=1, max_length=limits.STEERED_TASKS)]
    dry_run: DryRun = False


class CancelWhere(Struct, forbid_unknown_fields=True, kw_only=True):
    """Cancel the tasks that fit every filter given; at least one must be."""

    status: Unfinished | UnsetType = UNSET
    queue: Queue | UnsetType = UNSET
    command: Command | UnsetType = UNSET
    worker: WorkerName | UnsetType = UNSET
    scheduled_from: Since | UnsetType = UNSET
    scheduled_to: Before | UnsetType = UNSET
    limit: Most = limits.STEERED_TASKS
    dry_run: DryRun = False


class RetryWhere(Struct, forbid_unknown_fields=True, kw_only=True):
    """Run the tasks again that fit every filter given; at least one must be."""

    status: Unsuccessful | UnsetType = UNSET
    queue: Queue | UnsetType = UNSET
    command: Command | UnsetType = UNSET
    worker: WorkerName | UnsetType = UNSET
    scheduled_from: Since | UnsetType = UNSET
    scheduled_to: Before | UnsetType = UNSET
    limit: Most = limits.STEERED_TASKS
    dry_run: DryRun = False


class Listing(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which tasks, ordered by scheduled_at; `cursor` continues where an answer's next_cursor says. With `id`, those
    whose id begins so, in the order of their ids; it goes with `limit` alone.
    """

    status: AnyStatus | UnsetType = UNSET
    state: AnyState | UnsetType = UNSET
    queue: Queue | UnsetType = UNSET
    command: Command | UnsetType = UNSET
    worker: WorkerName | UnsetType = UNSET
    scheduled_from: Since | UnsetType = UNSET
    scheduled_to: Before | UnsetType = UNSET
    id: IdBeginning | UnsetType = UNSET
    sort: Annotated[
        Literal["scheduled_at", "-scheduled_at"], Meta(description="-scheduled_at: those that are due last come first")
    ] = "scheduled_at"
    limit: Annotated[int, Meta(ge=1, le=limits.LIST_ROWS_MAX)] = 50
    cursor: Annotated[str, Meta(pattern=_CURSOR, description="An answer's next_cursor")] | UnsetType = UNSET


class Following(Struct, forbid_unknown_fields=True):
    """Where an event stream resumes; the Last-Event-ID header says the same and wins."""

    last_event_id: Annotated[str, Meta(max_length=100)] = ""
