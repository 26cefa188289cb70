"""Call a task's function with a payload, on the task loop or in a child process; whatever happens is an outcome."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

from cluster.core.outcome import Outcome
from cluster.worker import reports
from cluster.worker.arguments import Arguments
from cluster.worker.context import Context
from cluster.worker.registry import Handler

# SystemExit and KeyboardInterrupt of a user's function must not end the loop it runs on.
_RAISED = (Exception, SystemExit, KeyboardInterrupt)


class Given(Protocol):
    """What is to be run. `task_id`: 16 bytes. `payload`: a JSON object in UTF-8, empty = {}."""

    task_id: bytes
    attempt: int
    payload: bytes


G = TypeVar("G", bound=Given)


class Prepared:
    """A handler ready to be called often; `handler` has its policies. State: nothing that changes."""

    __slots__ = ("_arguments", "_function", "_wants_context", "asynchronous", "command", "handler")

    def __init__(self, handler: Handler) -> None:
        """Raises InvalidHandler when the function's annotations cannot be used."""
        self.handler, self.command = handler, handler.command
        self.asynchronous = handler.asynchronous
        self._function = handler.function
        self._arguments = Arguments(handler)
        self._wants_context = handler.wants_context

    async def call(self, given: G, on_progress: Callable[[G, float, str], None]) -> Outcome:
        """Run an `async def`. Only a cancellation gets out of here as an exception."""
        try:
            positional, named = self._given(given, on_progress)
            return reports.returned(await self._function(*positional, **named))
        except _RAISED as error:
            return reports.raised(error)

    def call_now(self, given: G, on_progress: Callable[[G, float, str], None]) -> Outcome:
        """Run a plain `def` to its end."""
        try:
            positional, named = self._given(given, on_progress)
            return reports.returned(self._function(*positional, **named))
        except _RAISED as error:
            return reports.raised(error)

    def _given(
        self, given: G, on_progress: Callable[[G, float, str], None]
    ) -> tuple[tuple[Context, ...], dict[str, Any]]:
        named = self._arguments.decode(given.payload)
        if not self._wants_context:
            return (), named
        context = Context(UUID(bytes=given.task_id), given.attempt, self.command, partial(on_progress, given))
        return (context,), named
