"""Group commit: what many callers ask for at one moment shares a statement and its COMMIT.

A COMMIT costs as much for one task as for a thousand. So whoever asks while statements are under way waits for one of
them to end, and all that have come meanwhile go together into the next. Nobody waits for company: a lone request is
written at once.

What one request could do to the others of its group, and what is done about it:

* PostgreSQL refuses a task. A statement that failed has added nothing, so the group is halved and written again until
  the request at fault stands alone; each request still is all or nothing.
* Somebody holds the id or the unique key of a task, perhaps in a transaction that stays open. A group waits for locks
  LOCK_WITHIN seconds, then each of its requests goes on by itself; those that come after it are not held up.
* Its payload is large: a group ends at BYTES.
* Its connection hangs: there are LANES. Tasks that may be known already (an id of the caller's, a unique key) take
  several statements and may wait for locks, the others never do; so the two kinds share neither groups nor lanes.
* The answer to the COMMIT is lost: `certainty` finds out for all of them at once, and says to each what it may do.
* Its caller goes away: what is not on its way yet is left out; what is gets written and announced all the same.

Too much at once is refused rather than kept: WAITING tasks, WAITING_BYTES of payload.
"""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from cluster.core.errors import OutcomeUnknown, StoreUnavailable, TooBusy
from cluster.core.new_task import NewTask
from cluster.runtime import telemetry
from cluster.store.certainty import enqueue_for_certain
from cluster.store.enqueue import Enqueued
from cluster.store.pool import Pool
from cluster.store.waiting import Queue, Request, answer, refuse

LOCK_WITHIN = 0.1
ALONE = 3
"""Requests that wait for locks by themselves at one time; each keeps a connection of the pool."""
WAITING = 20_000
WAITING_BYTES = 128 * 1024 * 1024
DRAIN = 2.0
"""Seconds that statements under way get when the service stops."""
_LEAST_WAIT = 0.05
_STOPPING = "this process is stopping; nothing was enqueued"


class Announcer(Protocol):
    """Hears of tasks before their statement begins; when it has ended, of those that were created, if any."""

    def expect(self, task_ids: Sequence[str]) -> None: ...

    def scheduled(self, task_ids: Sequence[str], created: Sequence[Enqueued]) -> None: ...


class GroupCommit:
    """State: who has no answer yet, which of them wait in which queue, what they weigh, who writes, and who waits for a
    lock."""

    def __init__(self, pool: Pool, announcer: Announcer) -> None:
        self._pool = pool
        self._announcer = announcer
        self._plain, self._careful = Queue(), Queue()
        self._open: set[Request] = set()
        self._tasks = self._bytes = 0
        self._writers: set[asyncio.Task[None]] = set()
        self._alone = asyncio.Semaphore(ALONE)
        self._stopped = False

    def __repr__(self) -> str:
        return f"<GroupCommit tasks={self._tasks} writers={len(self._writers)}>"

    async def start(self) -> None:
        self._stopped = False

    async def stop(self) -> None:
        """Takes no more; what it has is written, if that does not take long."""
        self._stopped = True
        if self._writers:
            await asyncio.wait(self._writers, timeout=DRAIN)
        # One that ends may have begun others.
        while self._writers:
            for writer in self._writers:
                writer.cancel()
            await asyncio.gather(*self._writers, return_exceptions=True)
        self._plain, self._careful = Queue(), Queue()
        refuse(self._open, StoreUnavailable(_STOPPING))

    async def enqueue(self, tasks: Sequence[NewTask]) -> list[Enqueued]:
        """All of these tasks or none; returns after COMMIT, in their order.

        Raises TooBusy when too much waits already, else as `enqueue_for_certain`.
        """
        if not tasks:
            return []
        request = Request(tasks)
        self._admit(request)
        try:
            return await request.answer
        finally:
            self._open.discard(request)
            self._tasks -= len(tasks)
            self._bytes -= request.weight

    def _admit(self, request: Request) -> None:
        if self._stopped:
            raise StoreUnavailable(_STOPPING)
        tasks, weight = self._tasks + len(request.tasks), self._bytes + request.weight
        # The first is taken whatever it weighs, or nobody could ever ask for it.
        if self._tasks and (tasks > WAITING or weight > WAITING_BYTES):
            telemetry.tally("enqueue_refused")
            raise TooBusy(f"{self._tasks} tasks wait to be written already; nothing was enqueued, try again")
        self._tasks, self._bytes = tasks, weight
        self._open.add(request)
        queue = self._careful if request.careful else self._plain
        if queue.put(request):
            self._spawn(self._write(queue))

    def _spawn(self, writing: Coroutine[Any, Any, None]) -> None:
        writer = asyncio.create_task(writing, name="group-commit")
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)

    async def _write(self, queue: Queue) -> None:
        """One lane: group after group until nobody waits any more."""
        try:
            while group := queue.take():
                # The first of them has waited longest, and so long may a connection be waited for in all.
                within = max(_LEAST_WAIT, group[0].arrived + self._pool.timeout - time.monotonic())
                await self._commit(group, within=within, lock_within=LOCK_WITHIN)
        finally:
            queue.lanes -= 1

    async def _write_alone(self, request: Request) -> None:
        try:
            async with asyncio.timeout(self._pool.timeout):
                await self._alone.acquire()
        except TimeoutError:
            refuse(
                [request], TooBusy("PostgreSQL still waits for those who hold locks; nothing was enqueued, try again")
            )
            return
        try:
            if not request.answer.done():
                await self._commit([request])
        finally:
            self._alone.release()

    async def _commit(
        self, group: Sequence[Request], *, within: float | None = None, lock_within: float | None = None
    ) -> None:
        """Write this group and answer each of its requests, or see to it that somebody does."""
        tasks = [task for request in group for task in request.tasks]
        try:
            answer(group, await self._announced(tasks, within, lock_within))
        except StoreUnavailable as error:
            if isinstance(error, TooBusy) and lock_within is not None:
                telemetry.tally("enqueue_group_blocked")
                for request in group:
                    self._spawn(self._write_alone(request))
            else:
                refuse(group, error)
        except asyncio.CancelledError:
            refuse(group, OutcomeUnknown())
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to who asked, and only to him
            if len(group) > 1:
                telemetry.tally("enqueue_group_split")
                await self._halve(group, within, lock_within)
            else:
                refuse(group, error)

    async def _announced(
        self, tasks: Sequence[NewTask], within: float | None, lock_within: float | None
    ) -> list[Enqueued]:
        """Announced before the requests are answered: while they are, the task is on its way to a worker."""
        task_ids = [str(task.id) for task in tasks]
        created: Sequence[Enqueued] = ()
        self._announcer.expect(task_ids)
        try:
            enqueued = await enqueue_for_certain(self._pool, tasks, within=within, lock_within=lock_within)
            created = [task for task in enqueued if task.created]
            return enqueued
        finally:
            self._announcer.scheduled(task_ids, created)

    async def _halve(self, group: Sequence[Request], within: float | None, lock_within: float | None) -> None:
        middle = len(group) // 2
        for half in (group[:middle], group[middle:]):
            await self._commit(half, within=within, lock_within=lock_within)
