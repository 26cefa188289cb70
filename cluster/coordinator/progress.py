"""How far running tasks are: the latest word of each, written about once a second, in batches.

Lossy by design: a word that is overtaken is not written, and past MOST at once the newest are dropped. Nobody waits for
it, and the path of the outcomes knows nothing of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from cluster.coordinator.feed import Feed, TaskNews
from cluster.coordinator.reports import text
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.core.errors import StoreUnavailable
from cluster.core.events import EventName
from cluster.core.limits import PROGRESS_CHARACTERS
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
        return store.Progress(store.Held(self.lease.task_id, self.lease.token), self.fraction, self.message)


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
            if lease is None or lease.token != message.lease_token or lease.reported:
                continue
            fraction = min(1.0, max(0.0, message.progress))
            self._keep(Word(session, lease, fraction, text(message.message)[:PROGRESS_CHARACTERS]))

    async def step(self) -> None:
        """Write what was said since the last time. Raises StoreUnavailable and keeps what it could not write."""
        taken, self._latest = self._latest, {}
        words = iter([word for word in taken.values() if not word.lease.reported])
        while part := list(islice(words, STATEMENT)):
            try:
                await self._write(part)
            except StoreUnavailable:
                for word in (*part, *words):
                    if word.lease.key not in self._latest:
                        self._keep(word)
                raise

    def _keep(self, word: Word) -> None:
        if len(self._latest) < MOST or word.lease.key in self._latest:
            self._latest[word.lease.key] = word

    async def _write(self, words: list[Word]) -> None:
        async with connected(self._pool) as connection:
            accepted = await store.progress(connection, [word.report for word in words])
        told = [word for word in words if word.lease.task_id in accepted]
        self._feed.tell_tasks(EventName.TASK_PROGRESS, told, _news)


def _news(word: Word) -> TaskNews:
    said = f": {word.message}" if word.message else ""
    return TaskNews(
        str(word.lease.task_id), word.session.worker_id, f"{word.lease.command} is at {word.fraction:.0%}{said}"
    )
