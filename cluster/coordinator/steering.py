"""Cancel and retry over gRPC: many tasks in a call, a bounded number in a statement, each told once it is committed.

To say it again changes nothing. So when PostgreSQL goes away between two statements, the caller says it again.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from uuid import UUID

from cluster.coordinator.feed import Feed, TaskNews
from cluster.coordinator.revoker import Revoker
from cluster.core.errors import InvalidTask
from cluster.core.events import EventName
from cluster.core.limits import COMMAND_CHARACTERS, QUEUE_CHARACTERS, STEERED_TASKS
from cluster.core.steering import CANCEL, RETRY, Wish
from cluster.core.task import State, Status, states_of, status_of
from cluster.runtime import telemetry
from cluster.store import steering as store
from cluster.store.pool import Pool, connected
from cluster.wire import taskmaster_pb2 as pb

STATEMENT = 1_000
WORKER_CHARACTERS = 300


class Steering:
    """No state of its own. `woken` is called when tasks became ready."""

    def __init__(self, pool: Pool, feed: Feed, revoker: Revoker, woken: Callable[[], None]) -> None:
        self._pool = pool
        self._feed = feed
        self._revoker = revoker
        self._woken = woken

    async def cancel(self, request: pb.TaskSelection) -> pb.TaskChanges:
        """Raises InvalidTask or StoreUnavailable."""
        return await self._steer(CANCEL, request)

    async def retry(self, request: pb.TaskSelection) -> pb.TaskChanges:
        """Raises InvalidTask or StoreUnavailable."""
        return await self._steer(RETRY, request)

    async def _steer(self, wish: Wish, request: pb.TaskSelection) -> pb.TaskChanges:
        selection, limit = _selection(wish, request), request.limit or STEERED_TASKS
        async with connected(self._pool) as connection:
            # One more than may be changed says whether there are more.
            found = await store.select(connection, selection, limit + 1)
        ids, changes = iter(found[:limit]), list[pb.TaskChange]()
        while part := list(islice(ids, STATEMENT)):
            async with connected(self._pool) as connection:
                change = store.cancel if wish is CANCEL else store.retry
                answers = await change(connection, part, states=selection.states)
            self._tell(wish, [change for change in answers if change.changed])
            changes += [_message(wish, change) for change in answers]
        return pb.TaskChanges(changes=changes, more=len(found) > limit)

    def _tell(self, wish: Wish, changed: Sequence[store.Change]) -> None:
        if not changed:
            return
        event = EventName.TASK_CANCELLED if wish is CANCEL else EventName.TASK_RETRIED
        telemetry.tally(event, len(changed))
        self._feed.tell_tasks(event, [(wish, change) for change in changed], _news)
        self._revoker.revoke(
            (change.session_id, change.id.bytes, change.token)
            for change in changed
            if change.session_id is not None and change.token is not None
        )
        if wish is RETRY:
            self._woken()


def _selection(wish: Wish, request: pb.TaskSelection) -> store.Selection:
    """Raises InvalidTask, whose message says what to change."""
    if request.limit > STEERED_TASKS or len(request.task_ids) > STEERED_TASKS:
        raise InvalidTask(f"limit, and the number of task_ids, must be at most {STEERED_TASKS}")
    filtered = bool(request.status or request.queue or request.command or request.worker)
    if filtered == bool(request.task_ids):
        raise InvalidTask("say which tasks: give either task_ids, or at least one of status, queue, command, worker")
    if request.task_ids:
        return store.Selection(_ids(request.task_ids))
    states = _states(request.status) or tuple(sorted(wish.changes))
    return store.Selection(
        states=states,
        queue=_name("queue", request.queue, QUEUE_CHARACTERS),
        command=_name("command", request.command, COMMAND_CHARACTERS),
        worker=_name("worker", request.worker, WORKER_CHARACTERS),
    )


def _ids(task_ids: Sequence[str]) -> tuple[UUID, ...]:
    try:
        return tuple(map(UUID, task_ids))
    except ValueError:
        raise InvalidTask("task_ids must be UUIDs") from None


def _states(status: str) -> tuple[State, ...]:
    try:
        return states_of(Status(status)) if status else ()
    except ValueError:
        raise InvalidTask(f"status must be one of {', '.join(Status)}") from None


def _name(field: str, value: str, most: int) -> str | None:
    if len(value) > most or not value.isprintable():
        raise InvalidTask(f"{field} must be at most {most} printable characters")
    return value or None


def _message(wish: Wish, change: store.Change) -> pb.TaskChange:
    return pb.TaskChange(
        task_id=str(change.id),
        changed=change.changed,
        was=change.was.name.lower(),
        status=status_of(change.now),
        detail="" if change.changed else wish.why_not(change.was, change.held_by) or f"it is {wish.said}",
    )


def _news(told: tuple[Wish, store.Change]) -> TaskNews:
    wish, change = told
    return TaskNews(str(change.id), change.worker_id or "", wish.told(change.command, change.was))
