"""What the coordinator is to be told, kept until it has settled it."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from time import monotonic_ns

from cluster.core.outcome import Cancelled, Failed, Outcome, Released, Succeeded
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.columns import squeezed
from cluster.worker.progress import Word
from cluster.worker.run import Run

BATCH_OUTCOMES = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs that started (and go on) and runs that ended, told together under one sequence number; or, under number 0,
    how far some are.
    """

    sequence: int
    started: tuple[Run, ...] = ()
    ended: tuple[Run, ...] = ()
    progress: Mapping[Run, Word] = field(default_factory=dict)


class Outbox:
    """Batches numbered 1, 2, 3 … in the order they are told, sent again on a new stream until they are settled.

    Progress is told once, on whichever stream there is, and forgotten.

    Bounded by the leases the worker may hold: every run is in here at most three times, started, ended and its latest
    progress, which goes with the next that comes when it has ended.

    State: what has no number yet, the numbered batches, how far the present stream has got, and untold progress.
    """

    def __init__(self) -> None:
        self._started: deque[Run] = deque()
        self._ended: deque[Run] = deque()
        self._unsettled: deque[Batch] = deque()
        self._progress: dict[Run, Word] = {}
        self._last = 0
        self._sent = 0
        self._filled = asyncio.Event()

    def __repr__(self) -> str:
        waiting = len(self._started) + len(self._ended)
        return f"<Outbox waiting={waiting} unsettled={len(self._unsettled)} last={self._last} sent={self._sent}>"

    def put(self, started: list[Run], ended: list[Run]) -> None:
        self._started.extend(started)
        self._ended.extend(ended)
        self._filled.set()

    def put_progress(self, words: Mapping[Run, Word]) -> None:
        """The latest word counts."""
        self._progress = {run: word for run, word in (self._progress | dict(words)).items() if run.outcome is None}
        self._filled.set()

    def rewind(self) -> None:
        """A new stream: everything unsettled is to be sent on it, oldest first."""
        self._sent = self._unsettled[0].sequence - 1 if self._unsettled else self._last
        self._filled.set()

    def renumber(self, keep: Callable[[Run], bool]) -> None:
        """A new session: numbers begin with 1 again. Of what has ended and is not settled, `keep` says what is told."""
        unsettled = (run for batch in self._unsettled for run in batch.ended)
        self._ended = deque(run for run in (*unsettled, *self._ended) if keep(run))
        self._started.clear()
        self._unsettled.clear()
        self._progress.clear()
        self._last = self._sent = 0
        self._filled.set()

    async def next(self) -> Batch:
        """The next batch to send, when there is one. For one stream at a time."""
        while True:
            self._filled.clear()
            # Progress first: it comes once a second, and outcomes may never leave a gap for it.
            batch = self._take_progress() or self._resend() or self._number()
            if batch is not None:
                self._sent = batch.sequence or self._sent
                return batch
            await self._filled.wait()

    def settle(self, through: int, overtaken: Collection[int] = ()) -> list[Run]:
        """Forget the batches up to this number, but for those that later ones have `overtaken`; returns the runs that
        ended in them."""
        settled: list[Run] = []
        kept: list[Batch] = []
        while self._unsettled and self._unsettled[0].sequence <= through:
            batch = self._unsettled.popleft()
            if batch.sequence in overtaken:
                kept.append(batch)
            else:
                settled.extend(batch.ended)
        self._unsettled.extendleft(reversed(kept))
        return settled

    def _take_progress(self) -> Batch | None:
        if not self._progress:
            return None
        words, self._progress = self._progress, {}
        alive = {run: word for run, word in words.items() if run.outcome is None}
        return Batch(0, progress=alive) if alive else None

    def _resend(self) -> Batch | None:
        if self._sent == self._last:
            return None
        return next((batch for batch in self._unsettled if batch.sequence > self._sent), None)

    def _number(self) -> Batch | None:
        # A run that has ended meanwhile tells with its end when it started.
        started = [run for run in _taken(self._started, BATCH_OUTCOMES) if run.outcome is None]
        ended = _taken(self._ended, BATCH_OUTCOMES - len(started))
        if not started and not ended:
            return None
        self._last += 1
        batch = Batch(self._last, tuple(started), tuple(ended))
        self._unsettled.append(batch)
        return batch


def _taken(queue: deque[Run], most: int) -> list[Run]:
    if len(queue) <= most:
        taken = list(queue)
        queue.clear()
        return taken
    return [queue.popleft() for _ in range(most)]


def message(batch: Batch) -> pb.StatusBatch:
    """As it goes over the wire: ages in microseconds before now, so it is made anew each time it is sent."""
    now = monotonic_ns()
    completed = [run for run in batch.ended if type(run.outcome) is Succeeded]
    told = pb.StatusBatch(sequence=batch.sequence, completed=_columns(completed, now) if completed else None)
    for run in batch.started:
        told.outcomes.add(
            task_id=run.task_id, lease_token=run.token, status=pb.STARTED, started_us_ago=_since(run.started, now)
        )
    if len(completed) < len(batch.ended):
        _tell_others(told, [run for run in batch.ended if type(run.outcome) is not Succeeded], now)
    for run, (fraction, words) in batch.progress.items():
        told.progress.add(task_id=run.task_id, lease_token=run.token, progress=fraction, message=words)
    return told


def _columns(runs: list[Run], now: int) -> pb.CompletionColumns:
    return pb.CompletionColumns(
        task_ids=b"".join([run.task_id for run in runs]),
        lease_tokens=squeezed([run.token for run in runs]),
        started_us_ago=[(now - run.started) // 1000 or 1 for run in runs],
        finished_us_ago=[(now - run.finished) // 1000 for run in runs],
        results=squeezed([_result(run.outcome) for run in runs]),
    )


def _result(outcome: Outcome | None) -> bytes:
    return outcome.result or b"" if isinstance(outcome, Succeeded) else b""


def _tell_others(told: pb.StatusBatch, runs: list[Run], now: int) -> None:
    for run in runs:
        entry = told.outcomes.add(
            task_id=run.task_id,
            lease_token=run.token,
            started_us_ago=_since(run.started, now),
            finished_us_ago=(now - run.finished) // 1000 if run.finished else 0,
        )
        fill_in(entry, run)


def _since(started: int, now: int) -> int:
    """0 means never started, so what started just now started 1 µs ago."""
    return (now - started) // 1000 or 1 if started else 0


def fill_in(entry: pb.TaskOutcome | pb.UpdateTaskStatusRequest, run: Run) -> None:
    """How a run ended, as either message tells it."""
    match run.outcome:
        case Succeeded(result):
            entry.status = pb.COMPLETE
            if result is not None:
                entry.result = result
        case Failed(error, permanent, retry_in):
            entry.status, entry.error, entry.permanent = pb.FAILED, error, permanent
            if retry_in is not None:
                entry.retry_in_seconds = retry_in
        case Cancelled(reason):
            entry.status, entry.error = pb.CANCELLED, reason
        case Released(reason):
            entry.status, entry.error = pb.RELEASED, reason
        case None:
            raise AssertionError("a run without an outcome was put into the outbox")
