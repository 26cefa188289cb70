"""What a heartbeat says: whether it makes sense, as a session, and on its way into PostgreSQL."""

import time

import msgspec

from cluster.coordinator.reach import host_and_port
from cluster.coordinator.reports import text
from cluster.coordinator.session import DEFAULT_BACKOFF, Policy, WorkerSession
from cluster.core.limits import (
    ATTEMPTS_MAX,
    COMMAND_CHARACTERS,
    DESCRIPTION_CHARACTERS,
    SCHEMA_BYTES,
    TIMEOUT_SECONDS_MAX,
)
from cluster.core.retry import Backoff
from cluster.store import sessions as store
from cluster.store.commands import Told
from cluster.wire import taskmaster_pb2 as pb

RSS_BYTES_MAX = 2**62
SECONDS_MAX = 1e6
PID_MAX = 2**31
HANDLERS_MAX = 1_000


def problem(request: pb.HeartbeatRequest) -> str | None:
    """What a worker has to change before it can be registered.

    What PostgreSQL would refuse is refused here: it is written together with the heartbeats of all the other workers.
    """
    if not 1 <= len(request.worker_id) <= 200 or not request.worker_id.isprintable():
        return "worker_id must be 1 to 200 printable characters, unique to this life of the worker"
    if len(request.name) > 200 or not request.name.isprintable():
        return "name must be at most 200 printable characters"
    if reason := _address_problem(request.address):
        return f"address must be host:port of this worker's WorkerService: {reason}"
    if not 1 <= request.slots <= 1000:
        return "slots must be 1 to 1000"
    if request.rss_bytes > RSS_BYTES_MAX or not 0 <= request.loop_lag_seconds <= SECONDS_MAX:
        return "rss_bytes and loop_lag_seconds must be what can be true of a process"
    return _process_problem(request) or _handlers_problem(request)


def session_of(request: pb.HeartbeatRequest) -> WorkerSession:
    """A session as its worker describes it; without leases and delivery."""
    policies = {command: Policy.of() for command in request.commands}
    policies |= {item.command: _policy(item) for item in request.handlers}
    return WorkerSession(
        session_id=request.session_id,
        worker_id=request.worker_id,
        name=request.name or request.worker_id,
        address=request.address,
        slots=request.slots,
        streaming=request.streaming,
        policies=policies,
        heard_at=time.monotonic(),
        host=request.host,
        pid=request.pid,
        draining=request.draining,
    )


def stranger(worker_id: str) -> WorkerSession:
    """A worker that has no session here, for what it reports: it holds nothing, so all of it is late."""
    named = worker_id[:200].replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return WorkerSession(
        session_id=0,
        worker_id=named,
        name=named,
        address="",
        slots=0,
        streaming=False,
        policies={},
        heard_at=time.monotonic(),
        over=True,
    )


def registration_of(session: WorkerSession, coordinator_id: str) -> store.Registration:
    """What is to be written of a session when it begins."""
    return store.Registration(
        worker_id=session.worker_id,
        name=session.name,
        address=session.address,
        coordinator=coordinator_id,
        slots=session.slots,
        streaming=session.streaming,
        handlers=tuple(sorted(session.policies)),
        host=session.host,
        pid=session.pid,
    )


def told_of(request: pb.HeartbeatRequest) -> list[Told]:
    """What it says of its commands beyond their names; what makes no sense, or is too much, it has not said."""
    return [told for handler in request.handlers if (told := _told(handler)) is not None]


def pulse_of(session: WorkerSession, now: float) -> store.Pulse:
    """What is to be written of a session at `now` (monotonic seconds)."""
    return store.Pulse(
        session_id=session.session_id,
        completed=session.completed,
        failed=session.failed,
        rss_bytes=session.rss_bytes,
        loop_lag=session.loop_lag,
        draining=session.draining,
        age=now - session.heard_at,
        rate=session.pace.per_second,
    )


def _address_problem(address: str) -> str | None:
    try:
        host_and_port(address)
    except UnicodeError:
        return "each label of a host's name has 1 to 63 characters"
    except ValueError as error:
        return str(error)
    return None


def _process_problem(request: pb.HeartbeatRequest) -> str | None:
    if len(request.host) > 255 or not request.host.isprintable() or not 0 <= request.pid <= PID_MAX:
        return "host and pid must say where the process of this worker runs, or be absent"
    if len(request.blocked_by) > COMMAND_CHARACTERS or not request.blocked_by.isprintable():
        return f"blocked_by must be a command: at most {COMMAND_CHARACTERS} printable characters"
    if not 0 <= request.blocked_seconds <= SECONDS_MAX:
        return f"blocked_seconds must be from 0 to {SECONDS_MAX:g}"
    return None


def _handlers_problem(request: pb.HeartbeatRequest) -> str | None:
    commands = [*request.commands, *(handler.command for handler in request.handlers)]
    if not commands or not all(1 <= len(command) <= COMMAND_CHARACTERS for command in commands):
        return f"handlers or commands must name at least one command, each 1 to {COMMAND_CHARACTERS} characters long"
    if len(commands) > HANDLERS_MAX:
        return f"handlers and commands must name at most {HANDLERS_MAX} commands; start another worker for the others"
    if not all(command.isprintable() for command in commands):
        return "handlers or commands must be printable"
    return next((problem for handler in request.handlers if (problem := _policy_problem(handler))), None)


def _told(handler: pb.Handler) -> Told | None:
    description = " ".join(text(handler.description).split())[:DESCRIPTION_CHARACTERS]
    if not (description or handler.parameters):
        return None
    return Told(
        command=handler.command,
        description=description,
        timeout_ms=round(handler.timeout_seconds * 1000) or None,
        max_attempts=handler.max_attempts or None,
        parameters=_schema(handler.parameters),
    )


def _schema(parameters: bytes) -> str | None:
    if not parameters or len(parameters) > SCHEMA_BYTES:
        return None
    try:
        msgspec.json.decode(parameters)
        return parameters.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _policy_problem(handler: pb.Handler) -> str | None:
    if not 0 <= handler.timeout_seconds <= TIMEOUT_SECONDS_MAX:
        return f"handlers: timeout_seconds must be from 0 to {TIMEOUT_SECONDS_MAX}"
    if handler.max_attempts > ATTEMPTS_MAX:
        return f"handlers: max_attempts must be from 0 to {ATTEMPTS_MAX}"
    try:
        _policy(handler)
    except ValueError as error:
        return f"handlers: {error}"
    return None


def _policy(handler: pb.Handler) -> Policy:
    """Raises ValueError when its backoff makes no sense."""
    return Policy.of(handler.timeout_seconds, handler.max_attempts, _backoff(handler))


def _backoff(handler: pb.Handler) -> Backoff:
    if not handler.HasField("backoff"):
        return DEFAULT_BACKOFF
    told = handler.backoff
    return Backoff(told.first_seconds, told.factor, told.cap_seconds, told.jitter)
