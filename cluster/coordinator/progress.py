"""How far running tasks are: the latest word of each, written about once a second, in batches.

Lossy by design: a word that is overtaken is not written, past MOST at once the newest are dropped, and one that
PostgreSQL refuses is dropped alone. Nobody waits for it, and the path of the outcomes knows nothing of it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from cluster.coordinator.feed import Feed, TaskNews
from cluster.coordinator.reports import text
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.core.errors import StoreFault, StoreRejected, StoreUnavailable, TaskMasterError
from cluster.core.events import EventName
from cluster.core.limits import PROGRESS_CHARACTERS
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store import leases as store
from cluster.store.pool import Pool, connected
from cluster.wire import taskmaster_pb2 as pb

PERIOD = 1.0
"""Seconds between two writes."""
MOST = 10_000
"""Leases whose progress may wait to be written."""
STATEMENT = 1_000


@dataclass(frozen=True, slots=True)
class Word:
    """What a worker said of a lease. `fraction`: 0 to 1."""

    session: WorkerSession
    lease: HeldLease
    fraction: float
    message: str

    @property
    def report(self) -> store.Progress:
        return store.Progress(store.Held(self.lease.id, self.lease.lease_token), self.fraction, self.message)


class ProgressBoard:
    """State: the latest word of each lease since the last write, by wire id; at most MOST."""

    def __init__(self, pool: Pool, feed: Feed) -> None:
        self._pool = pool
        self._feed = feed
        self._latest: dict[bytes, Word] = {}
        self._ticker = Ticker("progress", PERIOD, self.step)

    def __repr__(self) -> str:
        return f"<ProgressBoard waiting={len(self._latest)}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    def note(self, session: WorkerSession, messages: Iterable[pb.TaskProgress]) -> None:
        """What a worker says of leases that it holds; of others nothing is kept."""
        for message in messages:
            lease = session.leases.get(message.task_id)
            if lease is None or lease.lease_token != message.lease_token or lease.reported:
                continue
            fraction = min(1.0, max(0.0, message.progress))
            self._keep(Word(session, lease, fraction, text(message.message)[:PROGRESS_CHARACTERS]))

    async def step(self) -> None:
        """Write what was said since the last time. Raises StoreUnavailable and keeps what it could not write."""
        taken, self._latest = self._latest, {}
        words = [word for word in taken.values() if not word.lease.reported]
        parts = deque(words[at : at + STATEMENT] for at in range(0, len(words), STATEMENT))
        while parts:
            try:
                await self._write(parts[0])
            except (StoreRejected, StoreFault) as error:
                # One word of it is at fault; halves of halves find it, and every other one is written.
                parts.extendleft(_halved(parts.popleft(), error))
                continue
            except StoreUnavailable:
                self._keep_older(parts)
                raise
            parts.popleft()

    def _keep_older(self, parts: Iterable[list[Word]]) -> None:
        for part in parts:
            for word in part:
                if word.lease.key not in self._latest:
                    self._keep(word)

    def _keep(self, word: Word) -> None:
        if len(self._latest) < MOST or word.lease.key in self._latest:
            self._latest[word.lease.key] = word

    async def _write(self, words: list[Word]) -> None:
        async with connected(self._pool) as connection:
            accepted = await store.progress(connection, [word.report for word in words])
        told = [word for word in words if word.lease.id in accepted]
        self._feed.tell_tasks(EventName.TASK_PROGRESS, told, _news)


def _halved(part: list[Word], error: TaskMasterError) -> list[list[Word]]:
    """What is to be tried instead of words that were refused together: nothing, if it was one."""
    if len(part) == 1:
        telemetry.emit("progress_refused", level="warning", task_id=str(part[0].lease.id), error=error.detail)
        return []
    middle = len(part) // 2
    return [part[:middle], part[middle:]]


def _news(word: Word) -> TaskNews:
    said = f": {word.message}" if word.message else ""
    return TaskNews(str(word.lease.id), word.session.worker_id, f"{word.lease.command} is at {word.fraction:.0%}{said}")
