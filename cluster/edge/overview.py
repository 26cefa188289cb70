"""What is answered about the cluster as a whole, as the types that OpenAPI is made from. Instants: ISO 8601 in UTC."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Raw, Struct

from cluster.core import limits
from cluster.core.task import State, Status
from cluster.store.queues import QueueRow

Level = Literal["warn", "bad"]
Reason = Literal[
    "due_later", "waiting_for_retry", "queue_paused", "parked", "no_worker", "isolated", "slots_busy", "about_to_run",
    "running", "finished", "failed", "dead", "cancelled", "quarantined",
]  # fmt: skip
Numbers = list[float | None]


class LimitsView(Struct, kw_only=True):
    """What a request may be at most; see the schemas of the requests for the rest."""

    body_bytes: int = limits.BODY_BYTES
    payload_bytes: int = limits.PAYLOAD_BYTES
    batch: int = limits.BATCH_TASKS
    list_rows: int = limits.LIST_ROWS_MAX
    steered_tasks: int = limits.STEERED_TASKS
    workers_max: int = limits.WORKERS_MAX
    priority_min: int = limits.PRIORITY_MIN
    priority_max: int = limits.PRIORITY_MAX
    attempts_max: int = limits.ATTEMPTS_MAX
    timeout_seconds_max: int = limits.TIMEOUT_SECONDS_MAX
    delay_seconds_max: int = limits.DELAY_SECONDS_MAX
    command_characters: int = limits.COMMAND_CHARACTERS


class ClusterView(Struct, kw_only=True):
    """This edge. `read_only`: it refuses whatever would change something. `log_buffer`: events it keeps for who comes
    late. `heartbeat_seconds`: how often a worker is heard; `lost_seconds`: without being heard, a worker is lost.
    """

    version: str
    read_only: bool
    started_at: datetime
    now: datetime
    log_buffer: int
    history_days: int
    heartbeat_seconds: float
    lost_seconds: float
    limits: LimitsView


class ParameterView(Struct, kw_only=True):
    """One keyword argument. `type`: of its JSON Schema, null if that is more than one word. `default`: null if it has
    none, or one that JSON cannot say. `schema`: its JSON Schema, complete in itself.
    """

    name: str
    required: bool
    type: str | None
    default: Annotated[Raw, Meta(description="Any JSON value")]
    schema: Annotated[Raw, Meta(description="A JSON Schema", extra_json_schema={"type": "object"})]


class CommandView(Struct, kw_only=True):
    """A command that `workers` live workers offer. null for `timeout_seconds` and `max_attempts`: the default of the
    cluster; for `parameters`: its workers do not say. `open`: it takes arguments of any other name, too.
    """

    command: str
    description: str
    workers: int
    timeout_seconds: float | None
    max_attempts: int | None
    parameters: list[ParameterView] | None
    open: bool


class WhyView(Struct, kw_only=True):
    """Why a task is not running, or that it is. `until`: when that ends by itself. `ahead`: tasks whose turn is before
    its own, at least so many if `ahead_at_least`. `workers` know its command; `busy` of their `slots` are filled.
    """

    task_id: UUID
    status: Status
    state: str
    reason: Reason
    summary: str
    advice: str | None
    until: datetime | None
    ahead: int | None
    ahead_at_least: bool
    workers: int | None
    slots: int | None
    busy: int | None


class QueueView(Struct, kw_only=True):
    """A queue. The numbers are of the first 10,000 tasks of each state; `partial`: there are more. `pending`: whatever
    waits, also what is paused, parked or due later; `waiting` of it is ready, or would be if the queue were not paused.
    """

    queue: str
    paused: bool
    paused_at: datetime | None
    pending: int
    waiting: int
    scheduled: int
    parked: int
    running: int
    partial: bool

    @classmethod
    def of(cls, row: QueueRow) -> "QueueView":
        """The queue as people see it: its states put together."""

        def total(*states: State) -> int:
            return sum(row.tasks.get(state, 0) for state in states)

        running = total(State.RUNNING)
        return cls(
            queue=row.queue,
            paused=row.paused_at is not None,
            paused_at=row.paused_at,
            pending=sum(row.tasks.values()) - running,
            waiting=total(State.READY, State.ISOLATED, State.PAUSED),
            scheduled=total(State.SCHEDULED),
            parked=total(State.PARKED),
            running=running,
            partial=row.partial,
        )


class PauseView(Struct, kw_only=True):
    """How it is now. `changed`: it was otherwise before."""

    queue: str
    paused: bool
    paused_at: datetime | None
    changed: bool


class TransactionView(Struct):
    """A transaction that is open. `pid`: its backend, null for a prepared one."""

    pid: int | None
    application: str
    state: str


class FindingView(Struct):
    """Something that is wrong with PostgreSQL, and what to do."""

    level: Level
    text: str
    advice: str


class DatabaseView(Struct, kw_only=True):
    """How PostgreSQL is doing. `version`: like 18.1. The oldest transaction is null when none is open or we may not see
    it. Tuples are those of the table of unfinished tasks.
    """

    version: str
    oldest_transaction_seconds: float | None
    oldest_transaction: TransactionView | None
    live_tuples: int
    dead_tuples: int
    connections: int
    connections_max: int
    size_bytes: int
    findings: list[FindingView]


class HistoryView(Struct, kw_only=True):
    """The last `window` seconds in steps of `step` seconds, column by column, oldest first. `at`: ends of the steps in
    seconds since the epoch. Per second: completed, failed, enqueued. At the end of the step: pending, running. Latency
    in milliseconds, from due to begun, of the tasks that began in it: the mean of its medians, the worst 95th
    percentile. null: nothing is known.
    """

    window: int
    step: float
    at: list[float]
    completed: Numbers
    failed: Numbers
    enqueued: Numbers
    pending: Numbers
    running: Numbers
    latency_p50: Numbers
    latency_p95: Numbers
