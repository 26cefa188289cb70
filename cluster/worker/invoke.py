"""Call a task's function with a payload, on the task loop or in a child process; whatever happens is an outcome."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

from cluster.core.outcome import Failed, Outcome
from cluster.worker import reports
from cluster.worker.arguments import Arguments
from cluster.worker.context import Context
from cluster.worker.registry import Handler

_CANCELLED_ITSELF = Failed("the task cancelled itself")


class Given(Protocol):
    """What is to be run. `task_id`: 16 bytes. `payload`: a JSON object in UTF-8, empty = {}."""

    task_id: bytes
    attempt: int
    payload: bytes


G = TypeVar("G", bound=Given)


class Prepared:
    """A handler ready to be called often; `handler` has its policies. State: nothing that changes."""

    __slots__ = ("_arguments", "_empty", "_function", "_wants_context", "asynchronous", "command", "handler")

    def __init__(self, handler: Handler) -> None:
        """Raises InvalidHandler when the function's annotations cannot be used."""
        self.handler, self.command = handler, handler.command
        self.asynchronous = handler.asynchronous
        self._function = handler.function
        self._arguments = Arguments(handler)
        self._wants_context = handler.wants_context
        # Where it is called with nothing at all, as most short tasks are.
        self._empty = frozenset[bytes]() if self._wants_context else self._arguments.empty

    async def run(
        self, given: G, on_progress: Callable[[G, float, str], None], ended: Callable[[G, Outcome], None]
    ) -> None:
        """Run an `async def` to its end, whatever that is, and tell `ended` of it."""
        try:
            if given.payload in self._empty:
                value = await self._function()
            else:
                positional, named = self._given(given, on_progress)
                value = await self._function(*positional, **named)
            outcome = reports.NOTHING if value is None else reports.returned(value)
        except GeneratorExit:
            # The loop is gone, and nobody is left to be told.
            raise
        except asyncio.CancelledError:
            outcome = _CANCELLED_ITSELF
        except BaseException as error:  # noqa: BLE001 - SystemExit of a user's function must not end the loop it runs on
            outcome = reports.raised(error)
        ended(given, outcome)

    def call(self, given: G, on_progress: Callable[[G, float, str], None]) -> Outcome:
        """Run a plain `def` to its end."""
        try:
            positional, named = self._given(given, on_progress)
            return reports.returned(self._function(*positional, **named))
        except BaseException as error:  # noqa: BLE001 - nor may it end the process that it runs in
            return reports.raised(error)

    def _given(
        self, given: G, on_progress: Callable[[G, float, str], None]
    ) -> tuple[tuple[Context, ...], dict[str, Any]]:
        named = self._arguments.decode(given.payload)
        if not self._wants_context:
            return (), named
        context = Context(UUID(bytes=given.task_id), given.attempt, self.command, partial(on_progress, given))
        return (context,), named
