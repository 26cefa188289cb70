"""Leases: claim ready tasks, record what became of them. Every write is fenced by the token of the lease.

Each function is one statement over a batch and returns the ids that were accepted; an id that is missing was stale:
its lease had ended before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncCursor
from psycopg.rows import args_row, scalar_row
from psycopg.types.string import ByteaBinaryLoader

from cluster.core.task import State
from cluster.store import arrays
from cluster.store.errors import translated
from cluster.store.pool import Connection
from cluster.store.statements import statement

T = TypeVar("T")


class LeasedTask(Struct, gc=False):
    """A row of claim.sql. `key`: the 16 bytes of its id. `payload`: a JSON object in UTF-8, None = {}. `max_attempts`,
    `timeout_ms`: 0 = the handler's.
    """

    key: bytes
    session_id: int
    lease_token: int
    command: str
    payload: bytes | None
    attempt: int
    max_attempts: int
    timeout_ms: int

    @property
    def id(self) -> UUID:
        """Made when it is asked for: the hot path never does."""
        return UUID(bytes=self.key)


L = TypeVar("L", bound=LeasedTask)


class Held(NamedTuple):
    """Which lease a report speaks of."""

    task_id: UUID
    token: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Free slots in dispatch order: `order[i]` is an index into `sessions` and `workers`; `others` are commands that
    only workers elsewhere know, left alone by this claim."""

    order: Sequence[int]
    sessions: Sequence[int]
    workers: Sequence[str]
    others: Sequence[str] = ()


class Started(NamedTuple):
    held: Held
    started_us_ago: int


class Finished(Struct, gc=False):
    """`key`: the 16 bytes of the task's id. `started_us_ago` None: it never started. `result` is JSON in UTF-8."""

    key: bytes
    token: int
    state: State
    started_us_ago: int | None
    finished_us_ago: int
    result: bytes | None
    error: str | None


class Retried(NamedTuple):
    """`delay`: seconds from now by the database clock."""

    held: Held
    delay: float
    error: str


class Parked(NamedTuple):
    held: Held
    reason: str


class Late(NamedTuple):
    """An outcome that came after its lease had ended. `note`: what it was, for people."""

    held: Held
    worker_id: str
    note: str


class Progress(NamedTuple):
    """How far a running task is. `fraction`: 0 to 1."""

    held: Held
    fraction: float
    message: str


Report = Started | Retried | Parked | Late | Progress


async def claim(connection: Connection, slots: Slots, made: type[L]) -> list[L]:
    """Lease the next ready tasks, one per slot, row i to slot i; fewer when fewer are ready. Each is a `made`."""
    async with raw(connection, made) as cursor:
        await cursor.execute(statement("claim"), claim_parameters(slots))
        return await cursor.fetchall()


def claim_parameters(slots: Slots) -> dict[str, object]:
    """What claim.sql is asked."""
    return {
        "slots": arrays.smallints([index + 1 for index in slots.order]),
        "sessions": arrays.bigints(slots.sessions),
        "workers": arrays.texts(slots.workers),
        "others": arrays.texts(slots.others),
    }


async def claim_isolated(
    connection: Connection, session_id: int, worker_id: str, commands: Sequence[str], made: type[L]
) -> L | None:
    """Lease one task that has to run alone, if one of these commands waits."""
    parameters = {"session": session_id, "worker": worker_id, "commands": arrays.texts(commands)}
    async with raw(connection, made) as cursor:
        await cursor.execute(statement("claim_isolated"), parameters)
        return await cursor.fetchone()


async def isolated_commands(connection: Connection, offered: Sequence[str]) -> list[str]:
    """Those of the commands for which tasks wait to run alone."""
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("isolated_commands"), {"offered": list(offered)})
        return await cursor.fetchall()


async def start(connection: Connection, reports: Sequence[Started]) -> set[UUID]:
    """Record that leased tasks run; those already recorded do not come back."""
    reports = sorted(reports, key=_by_lease)
    return await _fenced(connection, "start", reports, started=[report.started_us_ago for report in reports])


async def finish(connection: Connection, reports: Sequence[Finished]) -> set[bytes]:
    """Move tasks to history; the keys of those that were accepted."""
    # Of two leases of one task the statement sees the last, which has the newest token.
    reports = sorted(reports, key=_by_key)
    keys = [report.key for report in reports]
    parameters = {
        "ids": arrays.uuids(keys),
        "tokens": arrays.bigints([report.token for report in reports]),
        "states": arrays.smallints([report.state for report in reports]),
        "started": arrays.bigints([report.started_us_ago for report in reports]),
        "finished": arrays.bigints([report.finished_us_ago for report in reports]),
        "results": arrays.texts(_sparse([report.result for report in reports])),
        "errors": arrays.texts(_sparse([report.error for report in reports])),
    }
    # Translated here too, for a caller that goes on with this connection after a refusal.
    with translated():
        async with connection.cursor(binary=True, row_factory=args_row(_Accepted)) as cursor:
            await cursor.execute(statement("finish"), parameters)
            [(accepted, ids)] = await cursor.fetchall()
    return set(keys) if accepted == len(keys) else {task_id.bytes for task_id in ids or ()}


async def retry(connection: Connection, reports: Sequence[Retried]) -> set[UUID]:
    """Make failed tasks due again after their delay; how this attempt failed is kept with the task."""
    reports = sorted(reports, key=_by_lease)
    delays, errors = [float(report.delay) for report in reports], [report.error for report in reports]
    return await _fenced(connection, "retry", reports, delays=delays, errors=errors)


async def release(connection: Connection, leases: Sequence[Held]) -> set[UUID]:
    """Give tasks back unrun: ready at once, with the attempt they had before."""
    return await _ids(connection, "release", _keys(sorted(leases, key=_order)))


async def park(connection: Connection, reports: Sequence[Parked]) -> set[UUID]:
    """Put aside tasks whose command nobody knows."""
    reports = sorted(reports, key=_by_lease)
    return await _fenced(connection, "park", reports, reasons=[report.reason for report in reports])


async def unpark(connection: Connection, epoch: int, most: int) -> set[UUID]:
    """Make parked tasks ready whose command a live worker knows by now; at most `most`, if `epoch` leads."""
    return await _ids(connection, "unpark", {"epoch": epoch, "most": most})


async def accepted(connection: Connection, leases: Sequence[Held]) -> set[UUID]:
    """Which of these leases have an outcome that was accepted: asked when the answer to a COMMIT was lost."""
    return await _ids(connection, "accepted", _keys(leases))


async def still_held(connection: Connection, leases: Sequence[Held]) -> set[UUID]:
    """Which of these leases hold; the tasks of the others were cancelled, or went on elsewhere. A task at most once."""
    return await _ids(connection, "still_held", _keys(sorted(leases, key=_order)))


async def locked(connection: Connection, task_ids: Sequence[bytes]) -> set[bytes]:
    """The keys of those tasks whose rows somebody else has locked. In a transaction the others are ours until it ends,
    so that what is written to them there waits for nobody."""
    with translated():
        async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
            await cursor.execute(statement("locked"), {"ids": arrays.uuids(sorted(task_ids))})
            return {task_id.bytes for task_id in await cursor.fetchall()}


async def progress(connection: Connection, reports: Sequence[Progress]) -> set[UUID]:
    """Note how far running tasks are."""
    reports = sorted(reports, key=_by_lease)
    fractions, messages = [report.fraction for report in reports], [report.message for report in reports]
    return await _fenced(connection, "progress", reports, fractions=fractions, messages=messages)


async def note_stale(connection: Connection, reports: Sequence[Late]) -> set[UUID]:
    """Keep with their tasks that outcomes were refused, and count them.

    The tasks noted: not those whose outcome had been accepted and is only told again, nor those that nobody knows.
    """
    reports = sorted(reports, key=_by_lease)
    workers, notes = [report.worker_id for report in reports], [report.note for report in reports]
    return await _fenced(connection, "note_stale", reports, workers=workers, notes=notes)


async def _fenced(
    connection: Connection,
    name: str,
    reports: Sequence[Report],
    **arrays: Sequence[object],
) -> set[UUID]:
    """`reports` sorted by lease: of two leases of one task the statement sees the last, which has the newest token."""
    return await _ids(connection, name, {**_keys([report.held for report in reports]), **arrays})


async def _ids(connection: Connection, name: str, parameters: dict[str, Any]) -> set[UUID]:
    # For the reason told in `finish`.
    with translated():
        async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
            await cursor.execute(statement(name), parameters)
            return set(await cursor.fetchall())


def _keys(leases: Sequence[Held]) -> dict[str, Sequence[object]]:
    return {"ids": [lease.task_id for lease in leases], "tokens": [lease.token for lease in leases]}


class _Accepted(NamedTuple):
    """The row of finish.sql. `ids`: None when every one was accepted."""

    accepted: int
    ids: list[UUID] | None


def raw(connection: Connection, made: Callable[..., L]) -> AsyncCursor[L]:
    """A cursor that makes each row a `made`, no UUIDs, and decodes no JSON: both go on as the bytes they came in."""
    cursor = connection.cursor(binary=True, row_factory=args_row(made))
    for name in ("uuid", "json"):
        cursor.adapters.register_loader(name, ByteaBinaryLoader)
    return cursor


def _by_key(report: Finished) -> tuple[bytes, int]:
    return report.key, report.token


def _by_lease(report: Report) -> tuple[int, int]:
    return _order(report.held)


def _order(lease: Held) -> tuple[int, int]:
    # UUIDs compare as their numbers do, which is how PostgreSQL sorts them, but ten times slower.
    return lease.task_id.int, lease.token


def _sparse(values: list[T | None]) -> list[T | None]:
    """An empty array means NULL for all, so that the common batch without any result sends none."""
    return values if any(value is not None for value in values) else []
