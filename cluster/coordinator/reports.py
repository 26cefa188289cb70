"""What workers report, as values: messages of the wire become outcomes of leases that this coordinator remembers.

What comes for any other lease came late. The worker is told so; an outcome is also kept as a note with its task.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from msgspec import Struct

from cluster.coordinator.session import DEFAULT_BACKOFF, HeldLease, WorkerSession
from cluster.core.limits import DELAY_SECONDS_MAX, REPORT_BYTES
from cluster.core.outcome import COMPLETED, Cancelled, Failed, Outcome, Released, Settlement, Succeeded, settle
from cluster.store.leases import Held, Late
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.columns import split_ids, spread

AGE_US_MAX = 10 * 366 * 24 * 60 * 60 * 1_000_000
"""Microseconds: what a worker with a broken clock says must not lie before PostgreSQL's first year."""
LATE = 1_000
"""Late outcomes of one batch that are noted. A worker that tells more of them makes them up."""
TOKEN_MAX = 2**63 - 1
NOTE_CHARACTERS = 2_000
SUCCEEDED = Succeeded()
"""Without a result, as most tasks end."""


class LeaseOutcome(Struct, gc=False, eq=False):
    """How one lease ended, on its way into PostgreSQL. `started_us_ago` None: it never started.

    The two ages are in microseconds: before its batch came, then before its flush began (`settle`). State: what the
    outcome leads to, whether PostgreSQL has answered, and whether the lease turned out to hold.
    """

    lease: HeldLease
    outcome: Outcome
    started_us_ago: int | None
    finished_us_ago: int
    settlement: Settlement = COMPLETED
    answered: bool = False
    accepted: bool = False

    def settle(self, session: WorkerSession, age_us: int) -> None:
        """Its flush begins, `age_us` after its batch came."""
        lease, outcome = self.lease, self.outcome
        if self.started_us_ago is not None:
            self.started_us_ago += age_us
        self.finished_us_ago += age_us
        if outcome is not SUCCEEDED:
            backoff = session.policy(lease.command).backoff if type(outcome) is Failed else DEFAULT_BACKOFF
            self.settlement = settle(lease, outcome, backoff, random.random())  # noqa: S311 - it spreads retries

    @property
    def held(self) -> Held:
        return Held(self.lease.id, self.lease.lease_token)


class Start(Struct, frozen=True):
    lease: HeldLease
    us_ago: int


@dataclass(slots=True)
class Batch:
    """Reports that are settled together. `settled` is called with the stale ones when all of it is written.

    `came_at` is monotonic; `stale` are reports of leases this coordinator does not remember, `late` those of them that
    are worth a note. A lease is in at most one batch as started and in one as ended, however often it is told.
    """

    session: WorkerSession
    came_at: float
    settled: Callable[[Sequence[tuple[bytes, int]]], None]
    starts: list[Start] = field(default_factory=list)
    outcomes: list[LeaseOutcome] = field(default_factory=list)
    stale: list[tuple[bytes, int]] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)

    def __len__(self) -> int:
        """Rows it costs to write."""
        return len(self.outcomes) + len(self.late)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What is collected within is submitted as a whole or not at all: if something in it cannot be read, its leases
        are as if nothing had been told of them. Else their outcomes, told again, would pass for repetitions."""
        try:
            yield
        except Exception:
            for start in self.starts:
                start.lease.started = False
            for item in self.outcomes:
                item.lease.reported = False
            raise


def collect(batch: Batch, messages: Iterable[pb.TaskOutcome]) -> None:
    """Sort messages into the batch. A report of a lease whose outcome already waits to be written is dropped: it is a
    repetition, and the batches before this one answer it."""
    leases = batch.session.leases
    for message in messages:
        lease = leases.get(message.task_id)
        if lease is None or lease.lease_token != message.lease_token:
            _refuse(batch, message)
        elif message.status == pb.STARTED:
            if not (lease.started or lease.reported):
                lease.started = True
                batch.starts.append(Start(lease, min(message.started_us_ago, AGE_US_MAX)))
        elif not lease.reported:
            started, finished = message.started_us_ago, message.finished_us_ago
            _ended(batch, lease, outcome_of(message), started, finished)


def collect_completed(batch: Batch, columns: pb.CompletionColumns) -> None:
    """The same for what is told in columns. Raises ValueError when these are no columns."""
    keys = split_ids(columns.task_ids)
    tokens = spread(columns.lease_tokens, len(keys), 0)
    started = spread(columns.started_us_ago, len(keys), 0)
    finished = spread(columns.finished_us_ago, len(keys), 0)
    results = spread(columns.results, len(keys), b"")
    leases = batch.session.leases
    for key, token, began, ended, result in zip(keys, tokens, started, finished, results, strict=True):
        lease = leases.get(key)
        if lease is None or lease.lease_token != token:
            _refuse(batch, pb.TaskOutcome(task_id=key, lease_token=token, status=pb.COMPLETE, result=result))
        elif not lease.reported:
            _ended(batch, lease, _succeeded(result) if result else SUCCEEDED, began, ended)


def _ended(batch: Batch, lease: HeldLease, outcome: Outcome, started: int, finished: int) -> None:
    lease.reported = True
    if started > AGE_US_MAX or finished > AGE_US_MAX:
        started, finished = min(started, AGE_US_MAX), min(finished, AGE_US_MAX)
    batch.outcomes.append(LeaseOutcome(lease, outcome, started or None, finished))


def outcome_of(message: pb.TaskOutcome) -> Outcome:
    """The outcome that a message tells. A status that is no outcome, or a result that is no JSON, is a failure."""
    match message.status:
        case pb.COMPLETE:
            return _succeeded(message.result)
        case pb.FAILED:
            return _failed(message)
        case pb.CANCELLED:
            return Cancelled(text(message.error))
        case pb.RELEASED:
            return Released(text(message.error))
        case status:
            return Failed(f"the worker reported status {status}, which is no outcome", permanent=True)


def late(held: Held, worker_id: str, outcome: Outcome) -> Late:
    """What is kept with a task of an outcome that came too late."""
    match outcome:
        case Succeeded():
            note = "completed"
        case Failed(error):
            note = f"failed: {error}"
        case Cancelled(reason):
            note = f"cancelled: {reason}"
        case Released(reason):
            note = f"given back: {reason}"
    return Late(held, worker_id, note[:NOTE_CHARACTERS])


def text(value: str) -> str:
    """What PostgreSQL can keep as text, cut at 16 KiB."""
    return value[:REPORT_BYTES].replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _refuse(batch: Batch, message: pb.TaskOutcome) -> None:
    batch.stale.append((message.task_id, message.lease_token))
    # A start or a release that comes late harms nobody; what is no id and no token has no task to be noted with.
    nameless = len(message.task_id) != 16 or message.lease_token > TOKEN_MAX
    if len(batch.late) < LATE and not nameless and message.status not in {pb.STARTED, pb.RELEASED}:
        held = Held(UUID(bytes=message.task_id), message.lease_token)
        batch.late.append(late(held, batch.session.worker_id, outcome_of(message)))


def _failed(message: pb.TaskOutcome) -> Failed:
    wish = message.retry_in_seconds if message.HasField("retry_in_seconds") else math.nan
    return Failed(
        text(message.error) or "failed without saying why",
        permanent=message.permanent,
        retry_in=None if math.isnan(wish) else min(max(wish, 0.0), float(DELAY_SECONDS_MAX)),
    )


def _succeeded(result: bytes) -> Outcome:
    if not result or result == b"null":
        return SUCCEEDED
    if len(result) > 2 * REPORT_BYTES:
        return Failed(f"the result has {len(result)} bytes; return at most {REPORT_BYTES}", permanent=True)
    try:
        msgspec.json.decode(result, type=msgspec.Raw)
        result.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Failed(f"the result is not JSON in UTF-8: {error}", permanent=True)
    except RecursionError:
        return Failed("the result is nested too deeply to be read; return something flatter", permanent=True)
    return Succeeded(result)
