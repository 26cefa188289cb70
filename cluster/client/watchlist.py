"""Waiting for thousands of tasks without asking for all of them all the time.

Tasks mostly finish in the order they were posted, but not always. So each question is about a few at the head of what
is unfinished and a few further on, from a place that moves along: the head follows the usual case and names each task
about once, the moving place finds those that finished out of order. Questions that find little come more and more
seldom. Tasks that are too large for one answer are asked about in smaller groups from then on.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from cluster.client.answers import Task
from cluster.core.errors import NotFound

_GROUP = 200
_FIRST_PAUSE, _WORST_PAUSE = 0.1, 1.0


class Watchlist:
    """State: the unfinished ids in the order posted, the finished tasks, where the next sample begins, the pause, and
    how many ids are asked about at once.
    """

    def __init__(self, task_ids: Iterable[UUID | str]) -> None:
        self._order = [UUID(str(task_id)) for task_id in task_ids]
        self._unfinished = list(dict.fromkeys(self._order))
        self._finished: dict[UUID, Task] = {}
        self._sample_from = 0
        self._pause = _FIRST_PAUSE
        self._most = _GROUP

    def __repr__(self) -> str:
        return f"<Watchlist unfinished={len(self._unfinished)} finished={len(self._finished)}>"

    @property
    def done(self) -> bool:
        return not self._unfinished

    @property
    def finished(self) -> list[Task]:
        """The finished tasks in the order they were posted."""
        return [self._finished[task_id] for task_id in self._order if task_id in self._finished]

    def group(self) -> list[UUID]:
        """The ids to ask about next, at most 200."""
        of_head = (self._most + 1) // 2
        head, rest = self._unfinished[:of_head], self._unfinished[of_head:]
        if self._sample_from >= len(rest):
            self._sample_from = 0
        sample = rest[self._sample_from : self._sample_from + self._most - of_head]
        self._sample_from += len(sample)
        return head + sample

    def asks_less(self, asked: Sequence[UUID]) -> bool:
        """What a group turned out to be too large for one answer. Whether a smaller one can be asked about."""
        self._sample_from = 0
        self._most = max(1, len(asked) // 2)
        return len(asked) > 1

    def saw(self, asked: Sequence[UUID], tasks: Sequence[Task]) -> tuple[list[Task], float]:
        """What a group turned out to be: those of it that are finished, and the seconds before the next question.

        Raises NotFound for one that nobody knows: it would be waited for without end.
        """
        if missing := set(asked).difference(task.task_id for task in tasks):
            raise NotFound(f"there is no task {min(missing)}; finished ones are kept for a limited time")
        over = [task for task in tasks if task.finished]
        for task in over:
            self._finished[task.task_id] = task
        if over:
            self._unfinished = [task_id for task_id in self._unfinished if task_id not in self._finished]
            self._sample_from = max(0, self._sample_from - len(over))
        return over, self._next_pause(len(over), len(tasks))

    def _next_pause(self, over: int, asked: int) -> float:
        if over * 2 >= asked:
            # What was asked about is largely over, so some of what was not asked about will be too.
            self._pause = _FIRST_PAUSE
            return 0.0
        self._pause = _FIRST_PAUSE if over else min(_WORST_PAUSE, self._pause * 1.5)
        return self._pause
