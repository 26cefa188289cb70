"""One flush: what a set of batches leads to, and how it is written.

A statement that waits for a row which somebody else has locked would hold up everybody. So it waits for a moment only
(`finisher.LOCK_WITHIN`), and then the flush is `wary`: it asks which rows are locked, takes the others for itself in a
transaction, skipping and never waiting, so that no two can wait for each other, and writes to these. What is left is a
`rest`, to be tried again. Locked does not mean stale: whether a lease holds is said by its row alone, once it is free.

Where PostgreSQL refuses a flush, or fails at it, its reports are written one by one. What it fails at then is part of
the rest, too: a row on a damaged page costs its own task only, and an I/O error that passes costs no outcome.
"""

import random
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import TypeVar

from msgspec import structs

from cluster.coordinator.reports import Batch, LeaseOutcome, Start, late
from cluster.core.errors import RowsLocked, StoreFault, StoreRejected
from cluster.core.outcome import Finish, GiveBack, Settlement, TryAgain
from cluster.core.task import State
from cluster.runtime import telemetry
from cluster.store import leases as store
from cluster.store.pool import Connection

R = TypeVar("R")
FAULTS = 20
"""Reports in a row at which PostgreSQL fails before the others of a flush are left for later: it is not the rows."""


class Flush:
    """Batches that are written together, from `began` (monotonic) on. `retried`: they were put aside before.
    `forewarned`: it looks for locks from the beginning.

    State: whether it looks for locks before it writes, whether it was written one by one, and the failures that may
    have been written instead of outcomes; what was noted of the refused and the late reports; the starts that are not
    written, and the notes whose rows are locked. Each outcome knows whether PostgreSQL has answered it, so writing
    again adds the rest.
    """

    def __init__(self, batches: Sequence[Batch], began: float, *, wary: bool = False, retried: bool = False) -> None:
        self.batches = batches
        self.began = began
        self.retried = retried
        self.forewarned = wary or retried
        self.noted: list[store.Late] = []
        self._wary = self.forewarned
        self._singly = False
        self._failures: dict[int, Finish] = {}
        self._open_starts: set[bytes] = set()
        self._locked_notes: list[tuple[Batch, store.Late]] = []
        for batch in batches:
            age_us = self._age_us(batch)
            for report in batch.outcomes:
                report.settle(batch.session, age_us)
        self.reports = [report for batch in batches for report in batch.outcomes]

    def __repr__(self) -> str:
        return f"<Flush batches={len(self.batches)} reports={len(self.reports)}>"

    async def write(self, connection: Connection, *, again: bool) -> None:
        """One statement for each kind of report. `again`: an earlier try may have been committed unknown to us."""
        # Whatever ended that try may have been a lock: not every session has a bound of its own (see docs/deploy.md).
        self._wary = self._wary or again
        await self._write_starts(connection)
        if again:
            await self._ask(connection, self._open(Finish))
            await self._ask(connection, self._open(TryAgain))
        for kind in (Finish, TryAgain, GiveBack):
            if reports := self._open(kind):
                await self._write(connection, kind, reports)
        await self._note(connection)

    async def _ask(self, connection: Connection, reports: Sequence[LeaseOutcome]) -> None:
        if reports:
            known = {task_id.bytes for task_id in await store.accepted(connection, [item.held for item in reports])}
            for item in reports:
                failure = self._failures.pop(id(item), None)
                if failure is not None and item.lease.key in known:
                    item.settlement = failure
            _accept([item for item in reports if item.lease.key in known], known)

    async def write_singly(self, connection: Connection, *, again: bool) -> None:
        """For a flush that PostgreSQL refused, or failed at, as a whole: the report it cannot store becomes a failed
        task. Those it fails at are left for later. `again` as in `write`."""
        self._singly = True
        left = [start for start in self._starts() if _start_key(start) in self._open_starts]
        tries = [partial(self._start_alone, connection, start) for start in left]
        tries += [partial(self._write_alone, connection, item, again) for item in self.reports if not item.answered]
        # In any order, so that those at which it always fails do not keep the same others from their turn.
        random.shuffle(tries)
        faults = 0
        for one in tries:
            faults = 0 if await one() else faults + 1
            if faults == FAULTS:
                break
        await self._note(connection)

    async def _start_alone(self, connection: Connection, start: tuple[Batch, Start]) -> bool:
        """False: PostgreSQL failed at it."""
        written: Sequence[tuple[Batch, Start]] = [start]
        try:
            written, _ = await self._written(connection, [start], _start_key, partial(self._start, connection))
        except StoreFault:
            return False
        except StoreRejected:
            # Its outcome says when it began.
            pass
        self._open_starts -= set(map(_start_key, written))
        return True

    async def _write_alone(self, connection: Connection, item: LeaseOutcome, again: bool) -> bool:
        """False: PostgreSQL failed at it."""
        try:
            if again and type(item.settlement) is not GiveBack:
                await self._ask(connection, [item])
            if not item.answered:
                await self._write(connection, type(item.settlement), [item])
        except StoreFault:
            return False
        except StoreRejected as error:
            return await self._fail(connection, item, error)
        return True

    async def _fail(self, connection: Connection, item: LeaseOutcome, refusal: StoreRejected) -> bool:
        """Its outcome stays what it was until the failure is written: if that is refused, too, it is not the data."""
        failure = Finish(State.FAILED, error=f"the outcome could not be stored: {refusal.detail}")
        failed = structs.replace(item, settlement=failure)
        # Until it is answered: if the answer is lost, the outcome that is found is this one.
        self._failures[id(item)] = failure
        try:
            await self._write(connection, Finish, [failed])
        except (StoreFault, StoreRejected):
            del self._failures[id(item)]
            return False
        del self._failures[id(item)]
        if failed.answered:
            item.settlement, item.answered, item.accepted = failure, True, failed.accepted
        return True

    async def _write_starts(self, connection: Connection) -> None:
        starts = self._starts()
        self._open_starts = set(map(_start_key, starts))
        if starts:
            written, _ = await self._written(connection, starts, _start_key, partial(self._start, connection))
            self._open_starts -= set(map(_start_key, written))

    def _starts(self) -> list[tuple[Batch, Start]]:
        return [(batch, start) for batch in self.batches for start in batch.starts if not start.lease.reported]

    async def _start(self, connection: Connection, starts: Sequence[tuple[Batch, Start]]) -> set[bytes]:
        accepted = await store.start(connection, [self._started(batch, start) for batch, start in starts])
        return {task_id.bytes for task_id in accepted}

    def _started(self, batch: Batch, start: Start) -> store.Started:
        held = store.Held(start.lease.id, start.lease.lease_token)
        return store.Started(held, start.us_ago + self._age_us(batch))

    def _age_us(self, batch: Batch) -> int:
        return int((self.began - batch.came_at) * 1e6)

    def _open(self, kind: type[Settlement]) -> list[LeaseOutcome]:
        return [item for item in self.reports if not item.answered and type(item.settlement) is kind]

    async def _write(self, connection: Connection, kind: type[Settlement], reports: Sequence[LeaseOutcome]) -> None:
        _accept(*await self._written(connection, reports, _outcome_key, partial(_record, connection, kind)))

    async def _written(
        self,
        connection: Connection,
        reports: Sequence[R],
        key: Callable[[R], bytes],
        write: Callable[[Sequence[R]], Awaitable[Set[bytes]]],
    ) -> tuple[Sequence[R], Set[bytes]]:
        """Those reports that are written now, because nobody has locked their rows, and the keys of the accepted."""
        if not self._wary:
            try:
                return reports, await write(reports)
            except RowsLocked:
                self._wary = True
        async with connection.transaction():
            locked = await store.locked(connection, [key(report) for report in reports])
            free = [report for report in reports if key(report) not in locked]
            accepted = await write(free) if free else frozenset()
        return free, accepted

    async def _note(self, connection: Connection) -> None:
        """Last, and at no cost to the outcomes: a note that cannot be stored keeps none of them from being settled."""
        came_late = [(batch, note) for batch in self.batches for note in batch.late]
        came_late += [
            (batch, late(item.held, batch.session.worker_id, item.outcome))
            for batch in self.batches
            for item in batch.outcomes
            if item.answered and not item.accepted and type(item.settlement) is not GiveBack
        ]
        if not came_late:
            return
        try:
            written, noted = await self._written(connection, came_late, _note_key, partial(_note_stale, connection))
        except (StoreRejected, StoreFault, RowsLocked) as error:
            # Locked in history, after all.
            telemetry.emit("stale_not_noted", level="error", error=error.detail, reports=len(came_late))
            return
        self.noted = [note for _, note in written if note.held.task_id.bytes in noted]
        if len(written) < len(came_late):
            kept = {id(note) for _, note in written}
            self._locked_notes = [(batch, note) for batch, note in came_late if id(note) not in kept]

    def rests(self) -> list[Batch]:
        """What locks and faults kept from being written, taken out of its batches and made batches of its own. They are
        settled in the place of those they come from."""
        if not (self._wary or self._singly):
            return []
        return [rest for batch in self.batches if (rest := self._rest_of(batch)) is not None]

    def _rest_of(self, batch: Batch) -> Batch | None:
        age_us = self._age_us(batch)
        starts = [
            Start(start.lease, start.us_ago + age_us) for start in batch.starts if start.lease.key in self._open_starts
        ]
        outcomes = [item for item in batch.outcomes if not item.answered]
        notes = [note for owner, note in self._locked_notes if owner is batch]
        if not (starts or outcomes or notes):
            return None
        # The ages of its reports are those at the beginning of this flush.
        rest = replace(batch, came_at=self.began, starts=starts, outcomes=outcomes, stale=[], late=notes)
        batch.outcomes = [item for item in batch.outcomes if item.answered]
        batch.settled = rest.stale.extend
        return rest


def _start_key(report: tuple[Batch, Start]) -> bytes:
    return report[1].lease.key


def _outcome_key(report: LeaseOutcome) -> bytes:
    return report.lease.key


def _note_key(report: tuple[Batch, store.Late]) -> bytes:
    return report[1].held.task_id.bytes


async def _record(connection: Connection, kind: type[Settlement], reports: Sequence[LeaseOutcome]) -> set[bytes]:
    if kind is Finish:
        return await store.finish(connection, [_finished(item) for item in reports])
    if kind is TryAgain:
        return {one.bytes for one in await store.retry(connection, [_retried(item) for item in reports])}
    return {one.bytes for one in await store.release(connection, [item.held for item in reports])}


async def _note_stale(connection: Connection, notes: Sequence[tuple[Batch, store.Late]]) -> set[bytes]:
    return {one.bytes for one in await store.note_stale(connection, [note for _, note in notes])}


def _accept(reports: Sequence[LeaseOutcome], accepted: Set[bytes]) -> None:
    """PostgreSQL has answered for these."""
    if len(accepted) == len(reports):
        for item in reports:
            item.answered = item.accepted = True
        return
    # Of two leases of one task only the newest can have held.
    newest = {item.lease.key: item for item in sorted(reports, key=lambda item: item.lease.lease_token)}
    for item in reports:
        key = item.lease.key
        item.answered, item.accepted = True, newest[key] is item and key in accepted


def _finished(item: LeaseOutcome) -> store.Finished:
    lease, finish = item.lease, item.settlement
    assert isinstance(finish, Finish)
    times = item.started_us_ago, item.finished_us_ago
    return store.Finished(lease.key, lease.lease_token, finish.state, *times, finish.result, finish.error)


def _retried(item: LeaseOutcome) -> store.Retried:
    again = item.settlement
    assert isinstance(again, TryAgain)
    return store.Retried(item.held, again.delay, again.error)
