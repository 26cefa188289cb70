"""What a heartbeat says: whether it makes sense, as a session, and on its way into PostgreSQL."""

import time

from cluster.coordinator.session import Policy, WorkerSession
from cluster.core.limits import ATTEMPTS_MAX, COMMAND_CHARACTERS, TIMEOUT_SECONDS_MAX
from cluster.store import sessions as store
from cluster.wire import taskmaster_pb2 as pb

RSS_BYTES_MAX = 2**62
LOOP_LAG_SECONDS_MAX = 1e6


def problem(request: pb.HeartbeatRequest) -> str | None:
    """What a worker has to change before it can be registered.

    What PostgreSQL would refuse is refused here: it is written together with the heartbeats of all the other workers.
    """
    if not 1 <= len(request.worker_id) <= 200 or not request.worker_id.isprintable():
        return "worker_id must be 1 to 200 printable characters, unique to this life of the worker"
    if len(request.name) > 200 or not request.name.isprintable():
        return "name must be at most 200 printable characters"
    if not _is_address(request.address):
        return "address must be host:port of this worker's WorkerService"
    if not 1 <= request.slots <= 1000:
        return "slots must be 1 to 1000"
    if request.rss_bytes > RSS_BYTES_MAX or not 0 <= request.loop_lag_seconds <= LOOP_LAG_SECONDS_MAX:
        return "rss_bytes and loop_lag_seconds must be what can be true of a process"
    return _handlers_problem(request)


def session_of(request: pb.HeartbeatRequest) -> WorkerSession:
    """A session as its worker describes it; without leases and delivery."""
    policies = {command: Policy.of() for command in request.commands}
    policies |= {item.command: Policy.of(item.timeout_seconds, item.max_attempts) for item in request.handlers}
    return WorkerSession(
        session_id=request.session_id,
        worker_id=request.worker_id,
        name=request.name or request.worker_id,
        address=request.address,
        slots=request.slots,
        streaming=request.streaming,
        policies=policies,
        heard_at=time.monotonic(),
        draining=request.draining,
    )


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
    )


def _is_address(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return bool(host) and host.isprintable() and port.isdecimal() and 0 < int(port) < 65536


def _handlers_problem(request: pb.HeartbeatRequest) -> str | None:
    commands = [*request.commands, *(handler.command for handler in request.handlers)]
    if not commands or not all(1 <= len(command) <= COMMAND_CHARACTERS for command in commands):
        return f"handlers or commands must name at least one command, each 1 to {COMMAND_CHARACTERS} characters long"
    if not all(command.isprintable() for command in commands):
        return "handlers or commands must be printable"
    for handler in request.handlers:
        if not 0 <= handler.timeout_seconds <= TIMEOUT_SECONDS_MAX:
            return f"handlers: timeout_seconds must be from 0 to {TIMEOUT_SECONDS_MAX}"
        if handler.max_attempts > ATTEMPTS_MAX:
            return f"handlers: max_attempts must be from 0 to {ATTEMPTS_MAX}"
    return None
