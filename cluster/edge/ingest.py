"""The way in: a checked task becomes a row, then an event, then a hint. Only the row is waited for."""

from collections.abc import Sequence

from cluster.core.new_task import NewTask
from cluster.edge.herald import Herald
from cluster.store.certainty import enqueue_for_certain
from cluster.store.enqueue import Enqueued
from cluster.store.pool import Pool


class Ingest:
    """State: none."""

    def __init__(self, pool: Pool, herald: Herald) -> None:
        self._pool = pool
        self._herald = herald

    async def enqueue(self, tasks: Sequence[NewTask]) -> list[Enqueued]:
        """All of them or none; returns after COMMIT, in the order of `tasks`. Raises as `enqueue_for_certain`."""
        ids = [str(task.id) for task in tasks]
        self._herald.expect(ids)
        created: list[Enqueued] = []
        try:
            enqueued = await enqueue_for_certain(self._pool, tasks)
            created = [task for task in enqueued if task.created]
            return enqueued
        finally:
            self._herald.scheduled(ids, created)
