"""The routes that change the fate of tasks by hand: cancel them, run them again; one, or many by ids or by filters.

Saying it twice does no harm: the second answer tells what is so. Many are changed in statements of a bounded size, each
told as soon as it is committed; when PostgreSQL goes away between two of them, saying it again does the rest.
"""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from cluster.core.errors import NotFound
from cluster.core.steering import CANCEL, RETRY, Wish
from cluster.core.task import State
from cluster.edge.answer import Answer, told
from cluster.edge.filters import selected
from cluster.edge.herald import Herald
from cluster.edge.operation import Operation
from cluster.edge.payloads import CancelWhere, OneTask, RetryWhere, TheseTasks
from cluster.edge.verdict import foreseen, summary, verdict
from cluster.edge.views import ChangesView, ChangeView
from cluster.store.pool import Connection, Pool, connected
from cluster.store.steering import Change, cancel, retry, select
from cluster.store.tasks import task_states

STATEMENT_TASKS = 1_000
_OK = HTTPStatus.OK
_REFUSALS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})


class Steering:
    """State: none."""

    def __init__(self, pool: Pool, herald: Herald) -> None:
        self._pool = pool
        self._herald = herald

    def operations(self) -> list[Operation]:
        """Its routes."""
        one, many = {_OK: ChangeView}, {_OK: ChangesView}
        return [
            Operation(
                "POST", "/api/tasks/cancel", "Cancel many tasks", self.cancel_many, many, (TheseTasks, CancelWhere),
                description="By their ids or by filters. Those that are running are stopped. With dry_run: how many "
                "that would be.",
            ),
            Operation(
                "POST", "/api/tasks/retry", "Run many tasks again", self.retry_many, many, (TheseTasks, RetryWhere),
                description="By their ids or by filters. Also what was cancelled, unless `status` says FAILED. With "
                "dry_run: how many that would be, but for those whose unique_key a live task holds.",
            ),
            Operation(
                "POST", "/api/tasks/{task_id}/cancel", "Cancel a task, a running one, too", self.cancel, one,
                (OneTask,), refusals=_REFUSALS,
                description="200 also when it was cancelled before. 409 when it has ended otherwise.",
            ),
            Operation(
                "POST", "/api/tasks/{task_id}/retry", "Run a task again that failed or was cancelled", self.retry, one,
                (OneTask,), refusals=_REFUSALS,
                description="Ready at once, with all its attempts before it; quarantine is over. 200 also when it is "
                "unfinished. 409 when it is complete, or when a live task holds its unique_key.",
            ),
        ]  # fmt: skip

    async def cancel(self, asked: OneTask) -> Answer:
        return await self._one(CANCEL, asked.task_id)

    async def retry(self, asked: OneTask) -> Answer:
        return await self._one(RETRY, asked.task_id)

    async def cancel_many(self, asked: TheseTasks | CancelWhere) -> Answer:
        return await self._many(CANCEL, asked)

    async def retry_many(self, asked: TheseTasks | RetryWhere) -> Answer:
        return await self._many(RETRY, asked)

    async def _one(self, wish: Wish, task_id: UUID) -> Answer:
        changes = await self._changed(wish, [task_id])
        if not changes:
            raise NotFound(f"there is no task {task_id}; finished ones are kept for a limited time")
        return told(verdict(wish, changes[0]))

    async def _many(self, wish: Wish, asked: TheseTasks | CancelWhere | RetryWhere) -> Answer:
        if isinstance(asked, TheseTasks):
            ids, states, more = list(dict.fromkeys(asked.task_ids)), frozenset[State](), False
        else:
            which = selected(asked, wish.changes)
            async with connected(self._pool) as connection:
                # One more than may be changed says whether there are more.
                found = await select(connection, which, asked.limit + 1)
            ids, states, more = found[: asked.limit], frozenset(which.states), len(found) > asked.limit
        if asked.dry_run:
            return told(summary(wish, ids, await self._foreseen(wish, ids), more=more, dry_run=True))
        changes: list[Change] = []
        for first in range(0, len(ids), STATEMENT_TASKS):
            changes += await self._changed(wish, ids[first : first + STATEMENT_TASKS], states)
        return told(summary(wish, ids, changes, more=more))

    async def _foreseen(self, wish: Wish, ids: Sequence[UUID]) -> list[Change]:
        async with connected(self._pool) as connection:
            states = await task_states(connection, ids)
        return foreseen(wish, {task_id: states[task_id] for task_id in ids if task_id in states})

    async def _changed(self, wish: Wish, ids: Sequence[UUID], states: frozenset[State] = frozenset()) -> list[Change]:
        """Done and told. `states`: leave alone what is in another one by now; none = whatever its state."""
        async with connected(self._pool) as connection:
            changes = await _carried_out(connection, wish, ids, states)
        if changed := [change for change in changes if change.changed]:
            tell = self._herald.cancelled if wish is CANCEL else self._herald.retried
            tell(changed)
        return changes


async def _carried_out(
    connection: Connection, wish: Wish, ids: Sequence[UUID], states: frozenset[State]
) -> list[Change]:
    if wish is CANCEL:
        return await cancel(connection, ids, states=states)
    return await retry(connection, ids, states=states)
