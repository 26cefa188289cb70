"""Call a task's function with a payload, on the task loop or in a child process; whatever happens is an outcome."""

from typing import Any
from uuid import UUID

from cluster.core.outcome import Outcome
from cluster.worker import reports
from cluster.worker.arguments import Arguments
from cluster.worker.context import Context
from cluster.worker.registry import Handler

# SystemExit and KeyboardInterrupt of a user's function must not end the loop it runs on.
_RAISED = (Exception, SystemExit, KeyboardInterrupt)


class Prepared:
    """A handler ready to be called often. State: nothing that changes."""

    __slots__ = ("_arguments", "_function", "_wants_context", "asynchronous", "command", "max_attempts", "timeout")

    def __init__(self, handler: Handler) -> None:
        """Raises InvalidHandler when the function's annotations cannot be used."""
        self.command = handler.command
        self.timeout, self.max_attempts = handler.timeout, handler.max_attempts
        self.asynchronous = handler.asynchronous
        self._function = handler.function
        self._arguments = Arguments(handler)
        self._wants_context = handler.wants_context

    async def call(self, task_id: bytes, attempt: int, payload: bytes) -> Outcome:
        """Run an `async def`. Only a cancellation gets out of here as an exception."""
        try:
            positional, named = self._given(task_id, attempt, payload)
            return reports.succeeded(await self._function(*positional, **named))
        except _RAISED as error:
            return reports.failed(error)

    def call_now(self, task_id: bytes, attempt: int, payload: bytes) -> Outcome:
        """Run a plain `def` to its end."""
        try:
            positional, named = self._given(task_id, attempt, payload)
            return reports.succeeded(self._function(*positional, **named))
        except _RAISED as error:
            return reports.failed(error)

    def _given(self, task_id: bytes, attempt: int, payload: bytes) -> tuple[tuple[Context, ...], dict[str, Any]]:
        named = self._arguments.decode(payload)
        if not self._wants_context:
            return (), named
        return (Context(UUID(bytes=task_id), attempt, self.command),), named
