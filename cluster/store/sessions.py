"""Sessions: one row per life of a worker process. Leases hang on it, so a heartbeat prolongs them all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import args_row, scalar_row

from cluster.core.task import State
from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Registration:
    """What a worker says of itself; `coordinator` is the one that holds its session. `handlers`: commands it knows.

    `host`, `pid`: where its process runs, unknown if it did not say.
    """

    worker_id: str
    name: str
    address: str
    coordinator: str
    slots: int
    streaming: bool
    handlers: tuple[str, ...]
    host: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """A lease of a session, as a coordinator needs it that takes the session over. `alone`: the task runs alone."""

    task_id: UUID
    token: int
    command: str
    attempt: int
    max_attempts: int | None
    state: State
    alone: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """A heartbeat on its way into the table. `completed`, `failed`: since the last pulse. `loop_lag`: seconds.

    `age`: seconds since the worker was heard, by the monotonic clock. `rate`: tasks it finishes per second.
    """

    session_id: int
    completed: int
    failed: int
    rss_bytes: int
    loop_lag: float
    draining: bool
    age: float
    rate: float = 0.0


class OldLease(NamedTuple):
    """A lease that has been held for a while."""

    task_id: UUID
    token: int
    session_id: int


class Rescued(NamedTuple):
    """A task whose session ended: `state` is READY, ISOLATED or QUARANTINED."""

    task_id: UUID
    session_id: int
    worker_id: str
    command: str
    state: State


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A live session. `running`: leases it holds; `current_…`: columns of at most 50 of them, started ones first.
    `rate`: tasks it finished per second of late.
    """

    id: int
    worker_id: str
    name: str
    address: str
    coordinator: str
    slots: int
    streaming: bool
    draining: bool
    handlers: list[str]
    completed: int
    failed: int
    rss_bytes: int
    loop_lag: float
    started_at: datetime
    last_heartbeat: datetime
    rate: float
    running: int
    current_task_ids: list[UUID]
    current_commands: list[str]
    current_states: list[int]
    current_started: list[datetime | None]


async def open_session(connection: Connection, registration: Registration, ttl: float) -> int:
    """Its id. Raises StoreRejected if this worker_id ever had a session: a life has one."""
    parameters = {
        "worker_id": registration.worker_id,
        "name": registration.name,
        "address": registration.address,
        "coordinator": registration.coordinator,
        "slots": registration.slots,
        "streaming": registration.streaming,
        "handlers": list(registration.handlers),
        "host": registration.host,
        "pid": registration.pid,
        "ttl": ttl,
    }
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("session_open"), parameters)
        (session_id,) = await cursor.fetchall()
    return int(session_id)


async def adopt_session(connection: Connection, session_id: int, worker_id: str, coordinator: str, ttl: float) -> bool:
    """Carry a session to this coordinator. False: it is over, and so are its leases, or it is not this worker's."""
    parameters = {"id": session_id, "worker_id": worker_id, "coordinator": coordinator, "ttl": ttl}
    cursor = await connection.execute(statement("session_adopt"), parameters)
    return cursor.rowcount == 1


async def held_leases(connection: Connection, session_id: int) -> list[LeaseRow]:
    """The leases that hang on a session."""
    async with connection.cursor(binary=True, row_factory=args_row(_lease_row)) as cursor:
        await cursor.execute(statement("session_leases"), {"id": session_id})
        return await cursor.fetchall()


async def held_for(connection: Connection, session_ids: Sequence[int], seconds: float) -> list[OldLease]:
    """The leases of these sessions that are at least `seconds` old."""
    async with connection.cursor(binary=True, row_factory=args_row(OldLease)) as cursor:
        await cursor.execute(statement("session_old_leases"), {"ids": sorted(session_ids), "seconds": float(seconds)})
        return await cursor.fetchall()


async def prolong(connection: Connection, coordinator: str, pulses: Sequence[Pulse], ttl: float) -> set[int]:
    """Write heartbeats; the ids of those sessions that live and are this coordinator's. The others are over for it."""
    ordered = sorted(pulses, key=lambda pulse: pulse.session_id)
    parameters = {
        "coordinator": coordinator,
        "ttl": ttl,
        "ids": [pulse.session_id for pulse in ordered],
        "completed": [pulse.completed for pulse in ordered],
        "failed": [pulse.failed for pulse in ordered],
        "rss_bytes": [pulse.rss_bytes for pulse in ordered],
        "loop_lag": [float(pulse.loop_lag) for pulse in ordered],
        "draining": [pulse.draining for pulse in ordered],
        "ages": [float(pulse.age) for pulse in ordered],
        "rates": [float(pulse.rate) for pulse in ordered],
    }
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("session_prolong"), parameters)
        return set(await cursor.fetchall())


async def end_sessions(
    connection: Connection, coordinator: str | None, session_ids: Sequence[int], reason: str, *, crashed: bool
) -> list[Rescued]:
    """End sessions and rescue their leases. `crashed`: a task may be to blame for the end of their workers.

    Left alone: sessions that ended before, and those that another coordinator has adopted meanwhile; `coordinator`
    None: whoever holds them. What is not rescued, because somebody holds the row of a task or because we die here in
    the middle, `end_expired` finds: an ended session is looked at until no task has it any more.
    """
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        parameters = {"ids": sorted(session_ids), "coordinator": coordinator, "reason": reason, "crashed": crashed}
        await cursor.execute(statement("session_end"), parameters)
        ended = await cursor.fetchall()
    return await _rescue(connection, ended)


async def end_expired(connection: Connection, epoch: int, reason: str) -> list[Rescued]:
    """End the sessions that were not prolonged in time and rescue their leases. Nothing if `epoch` leads no more.

    Also rescues what was claimed for a session while it ended, for the claim could not see that, and what whoever ended
    a session could not rescue. What is locked now is for the next call.
    """
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("session_end_expired"), {"epoch": epoch, "reason": reason})
        ended = await cursor.fetchall()
    return await _rescue(connection, ended)


async def sweep(connection: Connection, epoch: int) -> int:
    """Have `end_expired` look again at sessions that were cleared and yet hold tasks; how many. 0 if `epoch` leads no
    more."""
    cursor = await connection.execute(statement("session_sweep"), {"epoch": epoch})
    return cursor.rowcount


async def sessions_of_process(connection: Connection, host: str, pid: int, name: str, ago: float = 0.0) -> list[int]:
    """The live sessions of a worker process that has ended; it was there `ago` seconds ago.

    With pid 0, which is not known of a container: those of this name on this host that had begun by then.
    """
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("sessions_of_process"), {"host": host, "pid": pid, "name": name, "ago": ago})
        return await cursor.fetchall()


async def live_sessions(connection: Connection) -> list[SessionRow]:
    """All that have not ended, by name."""
    return await _live(connection, None)


async def find_live(connection: Connection, name: str) -> SessionRow | None:
    """The session of this worker name that began last, if it has not ended."""
    return next(iter(await _live(connection, name)), None)


async def offered_commands(connection: Connection) -> set[str]:
    """Every command that a live worker knows which is not draining."""
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("session_commands"))
        return set(await cursor.fetchall())


async def forget_ended(connection: Connection, epoch: int, days: int) -> int:
    """Delete sessions that ended more than `days` days ago; how many. None if `epoch` leads no more."""
    cursor = await connection.execute(statement("session_forget"), {"epoch": epoch, "days": days})
    return cursor.rowcount


async def _live(connection: Connection, name: str | None) -> list[SessionRow]:
    async with connection.cursor(binary=True, row_factory=args_row(SessionRow)) as cursor:
        await cursor.execute(statement("session_live"), {"name": name})
        return await cursor.fetchall()


def _lease_row(*facts: Any) -> LeaseRow:
    task_id, token, command, attempt, max_attempts, state, alone = facts
    return LeaseRow(task_id, token, command, attempt, max_attempts, State(state), alone)


async def _rescue(connection: Connection, ended: Sequence[int]) -> list[Rescued]:
    if not ended:
        return []
    async with connection.cursor(binary=True, row_factory=args_row(_rescued)) as cursor:
        await cursor.execute(statement("rescue"), {"ids": sorted(ended)})
        return await cursor.fetchall()


def _rescued(*facts: Any) -> Rescued:
    task_id, session_id, worker_id, command, state = facts
    return Rescued(task_id, session_id, worker_id, command, State(state))
