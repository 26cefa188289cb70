"""The finisher writes what workers report: the next flush begins when the last one returned.

So batches grow with the load, and on an idle system an outcome is written at once. If PostgreSQL goes away in the
middle, the flush is repeated until it is known how it ended: an answer that was lost is asked for by task id and token.

A row that somebody else has locked costs its own task only: what is reported of it is put `aside` and tried again four
times a second, until it is written or found stale; only then is its batch settled. Who has waited for a lock looks for
others before it writes (`flush`), for ten times as long as it waited: looking makes a flush half as fast again. Put
aside is, too, what PostgreSQL fails at although it answers: it may pass, or be the trouble of one row.

What waits is bounded: a lease is reported once, whoever sends batches over a stream is read no further while too many
of its batches wait (`stream`), and whoever reports by calls is refused while the finisher is `full`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from cluster.coordinator.aside import Aside
from cluster.coordinator.feed import Feed
from cluster.coordinator.flush import Flush
from cluster.coordinator.news import begun_news, event_of, late_news, outcome_news, start_news
from cluster.coordinator.reports import Batch, LeaseOutcome
from cluster.core.duty_cycle import DutyCycle
from cluster.core.errors import StoreFault, StoreRejected
from cluster.core.events import EventName
from cluster.core.outcome import Released
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store.pool import Pool, connected

FLUSH = 2_000
"""Reports in one flush: with more, a small one would wait long behind it."""
FULL = 10_000
"""Batches that may wait before calls are refused."""
LOCK_WITHIN = 0.1
"""Seconds that a flush waits for whoever has locked a row. Less than PostgreSQL's deadlock_timeout: it is always we who
give way."""
WAITING_SHARE, LOOK_LONGEST = 0.1, 60.0
"""Of the time may be spent in waiting for locks; seconds after which it is tried again without looking."""


class Finisher:
    """`pool` waits for locks LOCK_WITHIN seconds at most (`store.pool.beside`). `freed` is called when leases are gone,
    `postponed` when tasks are due at a time unknown to the promoter, `told` when a worker that was full has a free
    slot: its next task can be claimed while the last one's outcome is written.

    State: the batches that wait, those whose rows are locked, the flush that is being written (it outlives an outage),
    and until when flushes look for locks.
    """

    def __init__(
        self,
        pool: Pool,
        feed: Feed,
        freed: Callable[[], None],
        postponed: Callable[[], None],
        told: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._feed = feed
        self._freed, self._postponed, self._told = freed, postponed, told
        self._waiting: deque[Batch] = deque()
        self._aside = Aside()
        self._waits = DutyCycle(WAITING_SHARE, LOOK_LONGEST)
        self._flush: Flush | None = None
        self._again = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._ticker = Ticker("finisher", 3600.0, self.step, worst_pause=1.0)

    def __repr__(self) -> str:
        return f"<Finisher waiting={len(self._waiting)} aside={len(self._aside)} flush={self._flush!r}>"

    @property
    def full(self) -> bool:
        return len(self._waiting) >= FULL

    def submit(self, batch: Batch) -> None:
        """Write this batch after those before it; its `settled` is called when that is done."""
        self._waiting.append(batch)
        self._idle.clear()
        self._ticker.wake()
        was_full = batch.session.full
        batch.session.ending += len(batch.outcomes)
        if was_full and batch.outcomes:
            self._told()

    async def drained(self, timeout: float) -> bool:
        """Whether everything submitted was written within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def step(self) -> float | None:
        """Write one flush, if there is something to write. Raises StoreUnavailable and keeps it for the next step."""
        now = time.monotonic()
        self._flush = self._flush or self._next(now)
        if self._flush is None:
            if not self._aside:
                self._idle.set()
            return self._aside.pause(now)
        await self._write(self._flush)
        flush, self._flush, self._again = self._flush, None, False
        self._settle(flush)
        return 0.0

    def _next(self, now: float) -> Flush | None:
        if locked := self._aside.take(now, FLUSH):
            return Flush(locked, now, retried=True)
        if self._waiting and not self._aside.full:
            return Flush(self._take(), now, wary=not self._waits.due(now))
        return None

    def _take(self) -> list[Batch]:
        batches = [self._waiting.popleft()]
        size = len(batches[0])
        while self._waiting and size + len(self._waiting[0]) <= FLUSH:
            batches.append(self._waiting.popleft())
            size += len(batches[-1])
        return batches

    def _tell_batch(self, batch: Batch, *, retried: bool) -> None:
        session = batch.session
        accepted = [item for item in batch.outcomes if item.accepted]
        begun = [item for item in accepted if not item.lease.started and item.started_us_ago is not None]
        if not retried:
            self._feed.tell_tasks(EventName.TASK_STARTED, batch.starts, partial(start_news, session))
        self._feed.tell_tasks(EventName.TASK_STARTED, begun, partial(begun_news, session))
        for name, level, chosen in _by_event(accepted):
            self._feed.tell_tasks(name, chosen, partial(outcome_news, session), level=level)
            telemetry.tally(name, len(chosen))
            if name is EventName.TASK_RETRIED:
                self._postponed()

    async def _write(self, flush: Flush) -> None:
        # Whatever interrupts us: what was committed before is asked for when the flush is written again. What was put
        # aside may come from such a flush.
        again, self._again = self._again or flush.retried, True
        try:
            async with connected(self._pool) as connection:
                await flush.write(connection, again=again)
        except (StoreRejected, StoreFault) as error:
            if flush.retried:
                # It was told the first time.
                telemetry.tally("flush_refused")
            else:
                telemetry.emit("flush_refused", level="error", error=error.detail, reports=len(flush.reports))
            async with connected(self._pool) as connection:
                await flush.write_singly(connection, again=again)

    def _settle(self, flush: Flush) -> None:
        now = time.monotonic()
        rests = flush.rests()
        self._aside.put(rests, now)
        if rests and not flush.forewarned:
            self._waits.took(flush.began, now)
        self._tell(flush)
        for batch in flush.batches:
            _free(batch)
            _observe(batch, now)
            batch.settled(batch.stale)
        self._freed()

    def _tell(self, flush: Flush) -> None:
        for batch in flush.batches:
            self._tell_batch(batch, retried=flush.retried)
        if flush.noted:
            telemetry.emit("task_stale", level="warning", count=len(flush.noted), reports=len(flush.noted))
            self._feed.tell_tasks(EventName.TASK_STALE, flush.noted, late_news, level="warning")


def _free(batch: Batch) -> None:
    """Its leases are settled: count what was accepted, and tell the worker what was not."""
    session = batch.session
    leases = session.leases
    session.ending -= len(batch.outcomes)
    for item in batch.outcomes:
        lease = item.lease
        # By identity: the task may have been leased to this session again before we heard that it was given back.
        if leases.get(lease.key) is lease:
            del leases[lease.key]
        if item.accepted:
            session.count(item.settlement)
        else:
            batch.stale.append((lease.key, lease.lease_token))


def _observe(batch: Batch, now: float) -> None:
    rate = batch.session.rate
    if Released in [type(report.outcome) for report in batch.outcomes]:
        # It has less room than it was fed for.
        rate.forget()
    elif batch.outcomes:
        rate.observe(len(batch.outcomes), now)


def _by_event(accepted: Sequence[LeaseOutcome]) -> list[tuple[EventName, str, list[LeaseOutcome]]]:
    kinds: dict[tuple[EventName, str], list[LeaseOutcome]] = {}
    for item in accepted:
        kinds.setdefault(event_of(item.settlement), []).append(item)
    return [(name, level, chosen) for (name, level), chosen in kinds.items()]
