"""One flush: what a set of batches leads to, and how it is written."""

import random
from collections.abc import Sequence
from uuid import UUID

from cluster.coordinator.reports import Batch, LeaseOutcome, Start, late
from cluster.coordinator.session import DEFAULT_BACKOFF
from cluster.core.errors import StoreRejected
from cluster.core.outcome import Failed, Finish, GiveBack, Lease, Settlement, TryAgain, settle
from cluster.core.task import State
from cluster.runtime import telemetry
from cluster.store import leases as store
from cluster.store.pool import Connection


class Settling:
    """A report on its way into PostgreSQL. State: what it leads to, whether PostgreSQL has answered, and whether its
    lease turned out to hold."""

    __slots__ = ("accepted", "age_us", "answered", "batch", "held", "report", "settlement")

    def __init__(self, batch: Batch, report: LeaseOutcome, age_us: int) -> None:
        lease, outcome = report.lease, report.outcome
        self.batch = batch
        self.report = report
        self.age_us = age_us
        self.held = store.Held(lease.task_id, lease.token)
        self.settlement: Settlement = settle(
            Lease(lease.task_id, lease.token, lease.command, lease.attempt, lease.max_attempts),
            outcome,
            batch.session.policy(lease.command).backoff if type(outcome) is Failed else DEFAULT_BACKOFF,
            random.random(),  # noqa: S311 - it spreads retries, it guards nothing
        )
        self.answered = self.accepted = False


class Flush:
    """Batches that are written together.

    State: which reports PostgreSQL has answered so far, writing again adds the rest; the refused ones, and what was
    noted of them and of the late ones.
    """

    def __init__(self, batches: Sequence[Batch], now: float) -> None:
        self.batches = batches
        self._now = now
        self.refused: list[Settling] = []
        self.noted: list[store.Late] = []
        self.reports = [
            Settling(batch, report, int((now - batch.came_at) * 1e6)) for batch in batches for report in batch.outcomes
        ]

    def __repr__(self) -> str:
        return f"<Flush batches={len(self.batches)} reports={len(self.reports)}>"

    async def write(self, connection: Connection, *, again: bool) -> None:
        """One statement for each kind of report. `again`: an earlier try may have been committed unknown to us."""
        await self._write_starts(connection)
        if again:
            await self._ask(connection, Finish)
            await self._ask(connection, TryAgain)
        for kind in (Finish, TryAgain, GiveBack):
            if reports := self._open(kind):
                await self._write(connection, kind, reports)
        await self._note(connection)

    async def _ask(self, connection: Connection, kind: type[Settlement]) -> None:
        if reports := self._open(kind):
            known = await store.accepted(connection, [item.held for item in reports])
            self.refused += _accept([item for item in reports if item.held.task_id in known], known)

    async def write_singly(self, connection: Connection) -> None:
        """For a flush that PostgreSQL refused as a whole: the report it cannot store becomes a failed task."""
        for item in self.reports:
            if item.answered:
                continue
            try:
                await self._write(connection, type(item.settlement), [item])
            except StoreRejected as error:
                item.settlement = Finish(State.FAILED, error=f"the outcome could not be stored: {error.detail}")
                await self._write(connection, Finish, [item])
        await self._note(connection)

    async def _write_starts(self, connection: Connection) -> None:
        starts = [(batch, start) for batch in self.batches for start in batch.starts if not start.lease.reported]
        if starts:
            await store.start(connection, [self._started(batch, start) for batch, start in starts])

    def _started(self, batch: Batch, start: Start) -> store.Started:
        held = store.Held(start.lease.task_id, start.lease.token)
        return store.Started(held, start.us_ago + int((self._now - batch.came_at) * 1e6))

    def _open(self, kind: type[Settlement]) -> list[Settling]:
        return [item for item in self.reports if not item.answered and type(item.settlement) is kind]

    async def _write(self, connection: Connection, kind: type[Settlement], reports: Sequence[Settling]) -> None:
        if kind is Finish:
            accepted = await store.finish(connection, [_finished(item) for item in reports])
        elif kind is TryAgain:
            accepted = await store.retry(connection, [_retried(item) for item in reports])
        else:
            accepted = await store.release(connection, [item.held for item in reports])
        self.refused += _accept(reports, accepted)

    async def _note(self, connection: Connection) -> None:
        """Last, and at no cost to the outcomes: a note that cannot be stored keeps none of them from being settled."""
        came_late = [note for batch in self.batches for note in batch.late]
        came_late += [_late(item) for item in self.refused if type(item.settlement) is not GiveBack]
        if not came_late:
            return
        try:
            noted = await store.note_stale(connection, came_late)
        except StoreRejected as error:
            telemetry.emit("stale_not_noted", level="error", error=error.detail, reports=len(came_late))
            return
        self.noted = [note for note in came_late if note.held.task_id in noted]


def _accept(reports: Sequence[Settling], accepted: set[UUID]) -> list[Settling]:
    """PostgreSQL has answered for these; those that it refused."""
    if len(accepted) == len(reports):
        for item in reports:
            item.answered = item.accepted = True
        return []
    # Of two leases of one task only the newest can have held.
    newest = {item.held.task_id: item for item in sorted(reports, key=lambda item: item.held.token)}
    for item in reports:
        item.answered = True
        item.accepted = newest[item.held.task_id] is item and item.held.task_id in accepted
    return [item for item in reports if not item.accepted]


def _finished(item: Settling) -> store.Finished:
    finish, report = item.settlement, item.report
    assert isinstance(finish, Finish)
    started = None if report.started_us_ago is None else report.started_us_ago + item.age_us
    finished = report.finished_us_ago + item.age_us
    return store.Finished(item.held, finish.state, started, finished, finish.result, finish.error)


def _retried(item: Settling) -> store.Retried:
    again = item.settlement
    assert isinstance(again, TryAgain)
    return store.Retried(item.held, again.delay, again.error)


def _late(item: Settling) -> store.Late:
    return late(item.held, item.batch.session.worker_id, item.report.outcome)
