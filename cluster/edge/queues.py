"""The routes of queues: which there are, and whether their tasks may run.

A pause holds from its COMMIT on: claims look for it themselves. What runs already goes on.
"""

from http import HTTPStatus

from cluster.edge.answer import Answer, told
from cluster.edge.herald import Herald
from cluster.edge.operation import Operation
from cluster.edge.overview import PauseView, QueueView
from cluster.edge.payloads import Nothing, OneQueue
from cluster.edge.remembered import Remembered
from cluster.store.pool import Pool, connected
from cluster.store.queues import pause, queues, resume

FRESH = 1.0
"""Seconds for which a list of queues is shown to others, too: it costs as much as a thousand tasks."""
_OK = HTTPStatus.OK


class Queues:
    """State: the last list."""

    def __init__(self, pool: Pool, herald: Herald) -> None:
        self._pool = pool
        self._herald = herald
        self._remembered = Remembered(FRESH)

    def operations(self) -> list[Operation]:
        """Its routes."""
        one = {_OK: PauseView}
        return [
            Operation(
                "GET", "/api/queues", "The queues that are paused or have tasks", self.list, {_OK: list[QueueView]}
            ),
            Operation(
                "POST", "/api/queues/{queue}/pause", "Let no task of a queue begin", self.pause, one, (OneQueue,),
                description="What runs goes on. Tasks are taken as ever and wait. Also a queue that has no tasks yet.",
            ),
            Operation(
                "POST", "/api/queues/{queue}/resume", "Let the tasks of a queue begin again", self.resume, one,
                (OneQueue,), description="Those that waited are ready within a second or two.",
            ),
        ]  # fmt: skip

    async def list(self, _asked: Nothing) -> Answer:
        return await self._remembered.get("queues", self._list)

    async def pause(self, asked: OneQueue) -> Answer:
        async with connected(self._pool) as connection:
            done = await pause(connection, asked.queue)
        self._changed(asked.queue, changed=done.changed, paused=True)
        return told(PauseView(queue=asked.queue, paused=True, paused_at=done.paused_at, changed=done.changed))

    async def resume(self, asked: OneQueue) -> Answer:
        async with connected(self._pool) as connection:
            changed = await resume(connection, asked.queue)
        self._changed(asked.queue, changed=changed, paused=False)
        return told(PauseView(queue=asked.queue, paused=False, paused_at=None, changed=changed))

    def _changed(self, queue: str, *, changed: bool, paused: bool) -> None:
        self._remembered.forget()
        if changed:
            self._herald.queue_changed(queue, paused=paused)

    async def _list(self) -> Answer:
        async with connected(self._pool) as connection:
            return told([QueueView.of(row) for row in await queues(connection)])
