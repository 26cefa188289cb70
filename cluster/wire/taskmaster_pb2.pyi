from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUEUED: _ClassVar[TaskStatus]
    STARTED: _ClassVar[TaskStatus]
    COMPLETE: _ClassVar[TaskStatus]
    FAILED: _ClassVar[TaskStatus]
    CANCELLED: _ClassVar[TaskStatus]
    RELEASED: _ClassVar[TaskStatus]
QUEUED: TaskStatus
STARTED: TaskStatus
COMPLETE: TaskStatus
FAILED: TaskStatus
CANCELLED: TaskStatus
RELEASED: TaskStatus

class ClientTaskRequest(_message.Message):
    __slots__ = ("command", "payload", "delay_seconds", "scheduled_at", "queue", "priority", "max_attempts", "timeout_seconds", "unique_key", "task_id")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    DELAY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    UNIQUE_KEY_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    command: str
    payload: bytes
    delay_seconds: float
    scheduled_at: float
    queue: str
    priority: int
    max_attempts: int
    timeout_seconds: float
    unique_key: str
    task_id: str
    def __init__(self, command: _Optional[str] = ..., payload: _Optional[bytes] = ..., delay_seconds: _Optional[float] = ..., scheduled_at: _Optional[float] = ..., queue: _Optional[str] = ..., priority: _Optional[int] = ..., max_attempts: _Optional[int] = ..., timeout_seconds: _Optional[float] = ..., unique_key: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class ClientTaskResponse(_message.Message):
    __slots__ = ("task_id", "command", "scheduled_at", "created")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    command: str
    scheduled_at: float
    created: bool
    def __init__(self, task_id: _Optional[str] = ..., command: _Optional[str] = ..., scheduled_at: _Optional[float] = ..., created: _Optional[bool] = ...) -> None: ...

class TaskSelection(_message.Message):
    __slots__ = ("task_ids", "status", "queue", "command", "worker", "limit")
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    status: str
    queue: str
    command: str
    worker: str
    limit: int
    def __init__(self, task_ids: _Optional[_Iterable[str]] = ..., status: _Optional[str] = ..., queue: _Optional[str] = ..., command: _Optional[str] = ..., worker: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class TaskChange(_message.Message):
    __slots__ = ("task_id", "changed", "was", "status", "detail")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    WAS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    changed: bool
    was: str
    status: str
    detail: str
    def __init__(self, task_id: _Optional[str] = ..., changed: _Optional[bool] = ..., was: _Optional[str] = ..., status: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class TaskChanges(_message.Message):
    __slots__ = ("changes", "more")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[TaskChange]
    more: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[TaskChange, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class Backoff(_message.Message):
    __slots__ = ("first_seconds", "factor", "cap_seconds", "jitter")
    FIRST_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    CAP_SECONDS_FIELD_NUMBER: _ClassVar[int]
    JITTER_FIELD_NUMBER: _ClassVar[int]
    first_seconds: float
    factor: float
    cap_seconds: float
    jitter: float
    def __init__(self, first_seconds: _Optional[float] = ..., factor: _Optional[float] = ..., cap_seconds: _Optional[float] = ..., jitter: _Optional[float] = ...) -> None: ...

class Handler(_message.Message):
    __slots__ = ("command", "timeout_seconds", "max_attempts", "backoff", "description", "parameters")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    command: str
    timeout_seconds: float
    max_attempts: int
    backoff: Backoff
    description: str
    parameters: bytes
    def __init__(self, command: _Optional[str] = ..., timeout_seconds: _Optional[float] = ..., max_attempts: _Optional[int] = ..., backoff: _Optional[_Union[Backoff, _Mapping]] = ..., description: _Optional[str] = ..., parameters: _Optional[bytes] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("worker_id", "name", "address", "slots", "handlers", "commands", "streaming", "session_id", "draining", "rss_bytes", "loop_lag_seconds", "host", "pid", "blocked_by", "blocked_seconds")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    HANDLERS_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    STREAMING_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    LOOP_LAG_SECONDS_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_BY_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    name: str
    address: str
    slots: int
    handlers: _containers.RepeatedCompositeFieldContainer[Handler]
    commands: _containers.RepeatedScalarFieldContainer[str]
    streaming: bool
    session_id: int
    draining: bool
    rss_bytes: int
    loop_lag_seconds: float
    host: str
    pid: int
    blocked_by: str
    blocked_seconds: float
    def __init__(self, worker_id: _Optional[str] = ..., name: _Optional[str] = ..., address: _Optional[str] = ..., slots: _Optional[int] = ..., handlers: _Optional[_Iterable[_Union[Handler, _Mapping]]] = ..., commands: _Optional[_Iterable[str]] = ..., streaming: _Optional[bool] = ..., session_id: _Optional[int] = ..., draining: _Optional[bool] = ..., rss_bytes: _Optional[int] = ..., loop_lag_seconds: _Optional[float] = ..., host: _Optional[str] = ..., pid: _Optional[int] = ..., blocked_by: _Optional[str] = ..., blocked_seconds: _Optional[float] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("session_id", "interval_seconds", "misses", "coordinator_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MISSES_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: int
    interval_seconds: float
    misses: int
    coordinator_id: str
    def __init__(self, session_id: _Optional[int] = ..., interval_seconds: _Optional[float] = ..., misses: _Optional[int] = ..., coordinator_id: _Optional[str] = ...) -> None: ...

class UpdateTaskStatusRequest(_message.Message):
    __slots__ = ("task_id", "status", "worker_id", "lease_token", "result", "error", "permanent", "retry_in_seconds", "progress", "progress_message")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PERMANENT_FIELD_NUMBER: _ClassVar[int]
    RETRY_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    status: TaskStatus
    worker_id: str
    lease_token: int
    result: bytes
    error: str
    permanent: bool
    retry_in_seconds: float
    progress: float
    progress_message: str
    def __init__(self, task_id: _Optional[str] = ..., status: _Optional[_Union[TaskStatus, str]] = ..., worker_id: _Optional[str] = ..., lease_token: _Optional[int] = ..., result: _Optional[bytes] = ..., error: _Optional[str] = ..., permanent: _Optional[bool] = ..., retry_in_seconds: _Optional[float] = ..., progress: _Optional[float] = ..., progress_message: _Optional[str] = ...) -> None: ...

class UpdateTaskStatusResponse(_message.Message):
    __slots__ = ("accepted", "detail")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    accepted: bool
    detail: str
    def __init__(self, accepted: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Worker(_message.Message):
    __slots__ = ("worker_id", "name", "address", "status", "slots", "running", "current_task_ids", "tasks_completed", "tasks_failed", "last_heartbeat", "commands", "coordinator_id")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    CURRENT_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    TASKS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    TASKS_FAILED_FIELD_NUMBER: _ClassVar[int]
    LAST_HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_ID_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    name: str
    address: str
    status: str
    slots: int
    running: int
    current_task_ids: _containers.RepeatedScalarFieldContainer[str]
    tasks_completed: int
    tasks_failed: int
    last_heartbeat: float
    commands: _containers.RepeatedScalarFieldContainer[str]
    coordinator_id: str
    def __init__(self, worker_id: _Optional[str] = ..., name: _Optional[str] = ..., address: _Optional[str] = ..., status: _Optional[str] = ..., slots: _Optional[int] = ..., running: _Optional[int] = ..., current_task_ids: _Optional[_Iterable[str]] = ..., tasks_completed: _Optional[int] = ..., tasks_failed: _Optional[int] = ..., last_heartbeat: _Optional[float] = ..., commands: _Optional[_Iterable[str]] = ..., coordinator_id: _Optional[str] = ...) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("workers",)
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[Worker]
    def __init__(self, workers: _Optional[_Iterable[_Union[Worker, _Mapping]]] = ...) -> None: ...

class TaskRequest(_message.Message):
    __slots__ = ("task_id", "command", "payload", "lease_token", "attempt", "timeout_ms", "worker_id")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    command: str
    payload: bytes
    lease_token: int
    attempt: int
    timeout_ms: int
    worker_id: str
    def __init__(self, task_id: _Optional[str] = ..., command: _Optional[str] = ..., payload: _Optional[bytes] = ..., lease_token: _Optional[int] = ..., attempt: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., worker_id: _Optional[str] = ...) -> None: ...

class TaskResponse(_message.Message):
    __slots__ = ("accepted", "detail")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    accepted: bool
    detail: str
    def __init__(self, accepted: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class LeaseColumns(_message.Message):
    __slots__ = ("task_ids", "lease_tokens", "commands", "payloads", "attempts", "timeouts_ms")
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUTS_MS_FIELD_NUMBER: _ClassVar[int]
    task_ids: bytes
    lease_tokens: _containers.RepeatedScalarFieldContainer[int]
    commands: _containers.RepeatedScalarFieldContainer[str]
    payloads: _containers.RepeatedScalarFieldContainer[bytes]
    attempts: _containers.RepeatedScalarFieldContainer[int]
    timeouts_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, task_ids: _Optional[bytes] = ..., lease_tokens: _Optional[_Iterable[int]] = ..., commands: _Optional[_Iterable[str]] = ..., payloads: _Optional[_Iterable[bytes]] = ..., attempts: _Optional[_Iterable[int]] = ..., timeouts_ms: _Optional[_Iterable[int]] = ...) -> None: ...

class TaskBatch(_message.Message):
    __slots__ = ("session_id", "leases", "settled_through", "overtaken", "stale", "coordinator_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    SETTLED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    OVERTAKEN_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: int
    leases: LeaseColumns
    settled_through: int
    overtaken: _containers.RepeatedScalarFieldContainer[int]
    stale: _containers.RepeatedCompositeFieldContainer[LeaseRef]
    coordinator_id: str
    def __init__(self, session_id: _Optional[int] = ..., leases: _Optional[_Union[LeaseColumns, _Mapping]] = ..., settled_through: _Optional[int] = ..., overtaken: _Optional[_Iterable[int]] = ..., stale: _Optional[_Iterable[_Union[LeaseRef, _Mapping]]] = ..., coordinator_id: _Optional[str] = ...) -> None: ...

class LeaseRef(_message.Message):
    __slots__ = ("task_id", "lease_token")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    task_id: bytes
    lease_token: int
    def __init__(self, task_id: _Optional[bytes] = ..., lease_token: _Optional[int] = ...) -> None: ...

class TaskOutcome(_message.Message):
    __slots__ = ("task_id", "lease_token", "status", "started_us_ago", "finished_us_ago", "result", "error", "permanent", "retry_in_seconds")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STARTED_US_AGO_FIELD_NUMBER: _ClassVar[int]
    FINISHED_US_AGO_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PERMANENT_FIELD_NUMBER: _ClassVar[int]
    RETRY_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    task_id: bytes
    lease_token: int
    status: TaskStatus
    started_us_ago: int
    finished_us_ago: int
    result: bytes
    error: str
    permanent: bool
    retry_in_seconds: float
    def __init__(self, task_id: _Optional[bytes] = ..., lease_token: _Optional[int] = ..., status: _Optional[_Union[TaskStatus, str]] = ..., started_us_ago: _Optional[int] = ..., finished_us_ago: _Optional[int] = ..., result: _Optional[bytes] = ..., error: _Optional[str] = ..., permanent: _Optional[bool] = ..., retry_in_seconds: _Optional[float] = ...) -> None: ...

class CompletionColumns(_message.Message):
    __slots__ = ("task_ids", "lease_tokens", "started_us_ago", "finished_us_ago", "results")
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    STARTED_US_AGO_FIELD_NUMBER: _ClassVar[int]
    FINISHED_US_AGO_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    task_ids: bytes
    lease_tokens: _containers.RepeatedScalarFieldContainer[int]
    started_us_ago: _containers.RepeatedScalarFieldContainer[int]
    finished_us_ago: _containers.RepeatedScalarFieldContainer[int]
    results: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, task_ids: _Optional[bytes] = ..., lease_tokens: _Optional[_Iterable[int]] = ..., started_us_ago: _Optional[_Iterable[int]] = ..., finished_us_ago: _Optional[_Iterable[int]] = ..., results: _Optional[_Iterable[bytes]] = ...) -> None: ...

class TaskProgress(_message.Message):
    __slots__ = ("task_id", "lease_token", "progress", "message")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    task_id: bytes
    lease_token: int
    progress: float
    message: str
    def __init__(self, task_id: _Optional[bytes] = ..., lease_token: _Optional[int] = ..., progress: _Optional[float] = ..., message: _Optional[str] = ...) -> None: ...

class StatusBatch(_message.Message):
    __slots__ = ("sequence", "outcomes", "completed", "holding", "progress", "greeting")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    HOLDING_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    GREETING_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    outcomes: _containers.RepeatedCompositeFieldContainer[TaskOutcome]
    completed: CompletionColumns
    holding: _containers.RepeatedCompositeFieldContainer[LeaseRef]
    progress: _containers.RepeatedCompositeFieldContainer[TaskProgress]
    greeting: bool
    def __init__(self, sequence: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[TaskOutcome, _Mapping]]] = ..., completed: _Optional[_Union[CompletionColumns, _Mapping]] = ..., holding: _Optional[_Iterable[_Union[LeaseRef, _Mapping]]] = ..., progress: _Optional[_Iterable[_Union[TaskProgress, _Mapping]]] = ..., greeting: _Optional[bool] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event", "level", "msg", "task_id", "worker_id", "timestamp_us", "counts")
    class CountsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    EVENT_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MSG_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    event: str
    level: str
    msg: str
    task_id: str
    worker_id: str
    timestamp_us: int
    counts: _containers.ScalarMap[str, int]
    def __init__(self, event: _Optional[str] = ..., level: _Optional[str] = ..., msg: _Optional[str] = ..., task_id: _Optional[str] = ..., worker_id: _Optional[str] = ..., timestamp_us: _Optional[int] = ..., counts: _Optional[_Mapping[str, int]] = ...) -> None: ...

class WatchEventsRequest(_message.Message):
    __slots__ = ("coordinator_id", "after", "watcher_id")
    COORDINATOR_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    WATCHER_ID_FIELD_NUMBER: _ClassVar[int]
    coordinator_id: str
    after: int
    watcher_id: str
    def __init__(self, coordinator_id: _Optional[str] = ..., after: _Optional[int] = ..., watcher_id: _Optional[str] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("coordinator_id", "last", "events", "missed")
    COORDINATOR_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    coordinator_id: str
    last: int
    events: _containers.RepeatedCompositeFieldContainer[Event]
    missed: int
    def __init__(self, coordinator_id: _Optional[str] = ..., last: _Optional[int] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., missed: _Optional[int] = ...) -> None: ...

class WakeRequest(_message.Message):
    __slots__ = ("tasks", "orders", "watcher_id", "events", "ended", "later")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    WATCHER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    LATER_FIELD_NUMBER: _ClassVar[int]
    tasks: bool
    orders: bool
    watcher_id: str
    events: _containers.RepeatedCompositeFieldContainer[Event]
    ended: _containers.RepeatedCompositeFieldContainer[EndedLease]
    later: bool
    def __init__(self, tasks: _Optional[bool] = ..., orders: _Optional[bool] = ..., watcher_id: _Optional[str] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., ended: _Optional[_Iterable[_Union[EndedLease, _Mapping]]] = ..., later: _Optional[bool] = ...) -> None: ...

class EndedLease(_message.Message):
    __slots__ = ("session_id", "task_id", "lease_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: int
    task_id: bytes
    lease_token: int
    def __init__(self, session_id: _Optional[int] = ..., task_id: _Optional[bytes] = ..., lease_token: _Optional[int] = ...) -> None: ...

class WakeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Child(_message.Message):
    __slots__ = ("name", "role", "pid", "state", "restarts")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    role: str
    pid: int
    state: str
    restarts: int
    def __init__(self, name: _Optional[str] = ..., role: _Optional[str] = ..., pid: _Optional[int] = ..., state: _Optional[str] = ..., restarts: _Optional[int] = ...) -> None: ...

class ChildExit(_message.Message):
    __slots__ = ("name", "pid", "code", "ordered", "host", "ago_milliseconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ORDERED_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    AGO_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    pid: int
    code: int
    ordered: bool
    host: str
    ago_milliseconds: int
    def __init__(self, name: _Optional[str] = ..., pid: _Optional[int] = ..., code: _Optional[int] = ..., ordered: _Optional[bool] = ..., host: _Optional[str] = ..., ago_milliseconds: _Optional[int] = ...) -> None: ...

class OrderOutcome(_message.Message):
    __slots__ = ("order_id", "ok", "detail")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    OK_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    ok: bool
    detail: str
    def __init__(self, order_id: _Optional[int] = ..., ok: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class SupervisorReport(_message.Message):
    __slots__ = ("supervisor_id", "host", "desired_workers", "children", "outcomes", "exits")
    SUPERVISOR_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    DESIRED_WORKERS_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    EXITS_FIELD_NUMBER: _ClassVar[int]
    supervisor_id: str
    host: str
    desired_workers: int
    children: _containers.RepeatedCompositeFieldContainer[Child]
    outcomes: _containers.RepeatedCompositeFieldContainer[OrderOutcome]
    exits: _containers.RepeatedCompositeFieldContainer[ChildExit]
    def __init__(self, supervisor_id: _Optional[str] = ..., host: _Optional[str] = ..., desired_workers: _Optional[int] = ..., children: _Optional[_Iterable[_Union[Child, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[OrderOutcome, _Mapping]]] = ..., exits: _Optional[_Iterable[_Union[ChildExit, _Mapping]]] = ...) -> None: ...

class ScaleWorkers(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class KillWorker(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DrainWorker(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class SupervisorOrder(_message.Message):
    __slots__ = ("order_id", "scale", "kill", "drain")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    KILL_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    scale: ScaleWorkers
    kill: KillWorker
    drain: DrainWorker
    def __init__(self, order_id: _Optional[int] = ..., scale: _Optional[_Union[ScaleWorkers, _Mapping]] = ..., kill: _Optional[_Union[KillWorker, _Mapping]] = ..., drain: _Optional[_Union[DrainWorker, _Mapping]] = ...) -> None: ...
