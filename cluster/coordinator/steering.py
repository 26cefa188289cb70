"""Cancel and retry over gRPC: many tasks in a call, a bounded number in a statement, each told once it is committed.

To say it again changes nothing. So when PostgreSQL goes away between two statements, the caller says it again.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from cluster.coordinator.feed import Feed, TaskNews
from cluster.coordinator.revoker import Revoker
from cluster.core.errors import InvalidTask
from cluster.core.events import EventName
from cluster.core.limits import COMMAND_CHARACTERS, QUEUE_CHARACTERS, STEERED_TASKS
from cluster.core.task import FINAL, UNSUCCESSFUL, State, Status, states_of, status_of
from cluster.runtime import telemetry
from cluster.store import steering as store
from cluster.store.pool import Connection, Pool, connected
from cluster.wire import taskmaster_pb2 as pb

STATEMENT = 1_000
WORKER_CHARACTERS = 300

Carry = Callable[[Connection, Sequence[UUID], Iterable[State]], Awaitable[list[store.Change]]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What can be done to a task. `changes`: the states in which it can. `settled`, `otherwise`: why nothing was done
    in a state that it leads to, and in all others."""

    carry: Carry
    event: EventName
    changes: frozenset[State]
    done: str
    settled: str
    otherwise: str


async def _cancel(connection: Connection, ids: Sequence[UUID], states: Iterable[State]) -> list[store.Change]:
    return await store.cancel(connection, ids, states=states)


CANCEL = Wish(
    carry=_cancel,
    event=EventName.TASK_CANCELLED,
    changes=frozenset(State) - FINAL,
    done="is cancelled by hand",
    settled="it was cancelled already",
    otherwise="what has ended cannot be cancelled",
)
RETRY = Wish(
    carry=store.retry,
    event=EventName.TASK_RETRIED,
    changes=UNSUCCESSFUL,
    done="is to run again, by hand",
    settled="it is going to run or running already",
    otherwise="only what ended without success can run again",
)


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
                answers = await wish.carry(connection, part, selection.states)
            self._tell(wish, [change for change in answers if change.changed])
            changes += [_message(wish, change) for change in answers]
        return pb.TaskChanges(changes=changes, more=len(found) > limit)

    def _tell(self, wish: Wish, changed: Sequence[store.Change]) -> None:
        if not changed:
            return
        telemetry.tally(wish.event, len(changed))
        self._feed.tell_tasks(wish.event, [(wish, change) for change in changed], _news, level="warning")
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
        detail="" if change.changed else _why(wish, change),
    )


def _why(wish: Wish, change: store.Change) -> str:
    if change.held_by is not None:
        return f"the live task {change.held_by} holds its unique_key"
    if change.was in wish.changes:
        return "it changed at the same moment; say it again"
    settled = change.was is State.CANCELLED if wish is CANCEL else change.was not in FINAL
    return wish.settled if settled else f"it is {change.was.name.lower()}; {wish.otherwise}"


def _news(told: tuple[Wish, store.Change]) -> TaskNews:
    wish, change = told
    msg = f"{change.command} {wish.done}; it was {change.was.name.lower()}"
    return TaskNews(str(change.id), change.worker_id or "", msg)
