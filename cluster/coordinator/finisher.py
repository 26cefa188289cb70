"""The finisher writes what workers report: the next flush begins when the last one returned.

So batches grow with the load, and on an idle system an outcome is written at once. If PostgreSQL goes away in the
middle, the flush is repeated until it is known how it ended: an answer that was lost is asked for by task id and token.

What waits is bounded: a lease is reported once, whoever sends batches over a stream is read no further while too many
of its batches wait (`stream`), and whoever reports by calls is refused while the finisher is `full`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from cluster.coordinator.feed import Feed
from cluster.coordinator.flush import Flush, Settling
from cluster.coordinator.news import begun_news, event_of, late_news, outcome_news, start_news
from cluster.coordinator.reports import Batch
from cluster.core.errors import StoreRejected
from cluster.core.events import EventName
from cluster.core.outcome import Released
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store.pool import Pool, connected

FLUSH = 1_000
"""Reports in one flush: with more, a small one would wait long behind it."""
FULL = 10_000
"""Batches that may wait before calls are refused."""


class Finisher:
    """`freed` is called when slots are free, `postponed` when tasks are due at a time unknown to the promoter.

    State: the batches that wait, and the flush that is being written, which outlives an outage.
    """

    def __init__(self, pool: Pool, feed: Feed, freed: Callable[[], None], postponed: Callable[[], None]) -> None:
        self._pool = pool
        self._feed = feed
        self._freed, self._postponed = freed, postponed
        self._waiting: deque[Batch] = deque()
        self._flush: Flush | None = None
        self._again = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._ticker = Ticker("finisher", 3600.0, self.step, worst_pause=1.0)

    def __repr__(self) -> str:
        return f"<Finisher waiting={len(self._waiting)} flush={self._flush!r}>"

    @property
    def full(self) -> bool:
        return len(self._waiting) >= FULL

    def submit(self, batch: Batch) -> None:
        """Write this batch after those before it; its `settled` is called when that is done."""
        self._waiting.append(batch)
        self._idle.clear()
        self._ticker.wake()

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
        if self._flush is None:
            if not self._waiting:
                self._idle.set()
                return None
            self._flush = Flush(self._take(), time.monotonic())
        await self._write(self._flush)
        flush, self._flush, self._again = self._flush, None, False
        self._settle(flush)
        return 0.0

    def _take(self) -> list[Batch]:
        batches = [self._waiting.popleft()]
        size = len(batches[0])
        while self._waiting and size + len(self._waiting[0]) <= FLUSH:
            batches.append(self._waiting.popleft())
            size += len(batches[-1])
        return batches

    async def _write(self, flush: Flush) -> None:
        # Whatever interrupts us: what was committed before is asked for when the flush is written again.
        again, self._again = self._again, True
        try:
            async with connected(self._pool) as connection:
                await flush.write(connection, again=again)
        except StoreRejected as error:
            telemetry.emit("flush_refused", level="error", error=error.detail, reports=len(flush.reports))
            async with connected(self._pool) as connection:
                await flush.write_singly(connection)

    def _settle(self, flush: Flush) -> None:
        now = time.monotonic()
        self._tell(flush)
        for item in flush.reports:
            lease = item.report.lease
            leases = item.batch.session.leases
            # By identity: the task may have been leased to this session again before we heard that it was given back.
            if leases.get(lease.key) is lease:
                del leases[lease.key]
            if item.accepted:
                item.batch.session.count(item.settlement)
            else:
                item.batch.stale.append((lease.key, lease.token))
        for batch in flush.batches:
            _observe(batch, now)
            batch.settled(batch.stale)
        self._freed()

    def _tell(self, flush: Flush) -> None:
        accepted = [item for item in flush.reports if item.accepted]
        begun = [item for item in accepted if not item.report.lease.started and item.report.started_us_ago is not None]
        starts = [(batch, start) for batch in flush.batches for start in batch.starts]
        self._feed.tell_tasks(EventName.TASK_STARTED, starts, start_news)
        self._feed.tell_tasks(EventName.TASK_STARTED, begun, begun_news)
        for name, level, chosen in _by_event(accepted):
            self._feed.tell_tasks(name, chosen, outcome_news, level=level)
            telemetry.tally(name, len(chosen))
            if name is EventName.TASK_RETRIED:
                self._postponed()
        if flush.noted:
            telemetry.emit("task_stale", level="warning", count=len(flush.noted), reports=len(flush.noted))
            self._feed.tell_tasks(EventName.TASK_STALE, flush.noted, late_news, level="warning")


def _observe(batch: Batch, now: float) -> None:
    # What was given back says nothing of how fast this worker is.
    if completed := len(batch.outcomes) - [type(report.outcome) for report in batch.outcomes].count(Released):
        batch.session.rate.observe(completed, now)


def _by_event(accepted: Sequence[Settling]) -> list[tuple[EventName, str, list[Settling]]]:
    kinds: dict[tuple[EventName, str], list[Settling]] = {}
    for item in accepted:
        kinds.setdefault(event_of(item.settlement), []).append(item)
    return [(name, level, chosen) for (name, level), chosen in kinds.items()]
