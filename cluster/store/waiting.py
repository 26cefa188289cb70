"""Who waits for a group commit (see group_commit.py), and how they hear what became of it."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence

from cluster.core.errors import OutcomeUnknown, StoreUnavailable
from cluster.core.new_task import NewTask
from cluster.store.certainty import advice
from cluster.store.enqueue import Enqueued

ROWS = 1_000
"""Tasks in one group."""
BYTES = 4 * 1024 * 1024
"""Of payload in one group. A request that is larger than either is a group of its own."""
LANES = 2
"""Groups under way for each kind of request: while one is at its COMMIT the next one is made."""


class Request:
    """Tasks of one caller, all or none. State: the answer, once there is one."""

    def __init__(self, tasks: Sequence[NewTask]) -> None:
        self.tasks = tasks
        self.weight = sum(len(task.payload) for task in tasks if task.payload is not None)
        self.careful = any(task.id_given or task.unique_key is not None for task in tasks)
        self.arrived = time.monotonic()
        self.answer: asyncio.Future[list[Enqueued]] = asyncio.get_running_loop().create_future()


class Queue:
    """Requests of one kind in the order in which they came. State: these, and how many lanes serve them, one of which
    may be about to begin.
    """

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()
        self._beginning = False
        self.lanes = 0

    def put(self, request: Request) -> bool:
        """Whether another lane has to begin: its owner sees to that."""
        self._waiting.append(request)
        # What comes before it has begun is in its first group.
        if self._beginning or self.lanes == LANES:
            return False
        self._beginning = True
        self.lanes += 1
        return True

    def take(self) -> list[Request]:
        """The next group: at least one request, as far as somebody still waits for any."""
        self._beginning = False
        group: list[Request] = []
        rows = size = 0
        while self._waiting:
            request = self._waiting[0]
            rows, size = rows + len(request.tasks), size + request.weight
            if group and (rows > ROWS or size > BYTES):
                break
            self._waiting.popleft()
            if request.answer.done():
                rows, size = rows - len(request.tasks), size - request.weight
            else:
                group.append(request)
        return group


def answer(group: Sequence[Request], enqueued: list[Enqueued]) -> None:
    begin = 0
    for request in group:
        end = begin + len(request.tasks)
        if not request.answer.done():
            request.answer.set_result(enqueued[begin:end])
        begin = end


def refuse(group: Iterable[Request], error: Exception) -> None:
    for request in group:
        if not request.answer.done():
            request.answer.set_exception(_refusal(request, error) if isinstance(error, StoreUnavailable) else error)


def _refusal(request: Request, error: StoreUnavailable) -> StoreUnavailable:
    """An error of its own for each, because whoever raises it writes into it."""
    own = OutcomeUnknown(advice(request.tasks)) if isinstance(error, OutcomeUnknown) else type(error)(error.detail)
    own.__cause__ = error
    return own
