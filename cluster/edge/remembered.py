"""Answers that every open dashboard asks for, made once for all that ask at one moment."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable

from cluster.core.errors import TaskMasterError
from cluster.edge.answer import Answer


class Remembered:
    """State: what came of each question last and when its making began, who makes an answer now, and when something
    changed.

    What failed is not remembered, but shared by those who waited for it: while PostgreSQL is silent they would else
    find that out one after the other. With 0 seconds an answer is shared by those alone who asked before its making
    began: none of them can tell that it was not made for him, and there is never more than one statement under way.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._outcomes: dict[str, tuple[float, Answer | TaskMasterError]] = {}
        self._making: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changed_at = float("-inf")

    async def get(self, question: str, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer, when it was asked for at most so many seconds old. `question`: one of a few."""
        arrived = time.monotonic()
        async with self._making[question]:
            outcome = self._known(question, arrived)
            if outcome is None:
                began = time.monotonic()
                outcome = await _made(make)
                self._outcomes[question] = began, outcome
        if isinstance(outcome, TaskMasterError):
            raise outcome.with_traceback(None)
        return outcome

    def forget(self) -> None:
        """Something was changed here; whoever asks now shall see it, also if an answer is being made."""
        self._changed_at = time.monotonic()

    def _known(self, question: str, arrived: float) -> Answer | TaskMasterError | None:
        began, outcome = self._outcomes.get(question, (float("-inf"), None))
        if isinstance(outcome, TaskMasterError):
            return outcome if began >= arrived else None
        return None if began < max(arrived - self._seconds, self._changed_at) else outcome


async def _made(make: Callable[[], Awaitable[Answer]]) -> Answer | TaskMasterError:
    try:
        return await make()
    except TaskMasterError as error:
        return error
