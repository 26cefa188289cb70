"""What a task function may know about the task it runs, and say about it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

_log = logging.getLogger("task")


def _unheard(fraction: float, message: str) -> None:
    """A context that somebody made for a test of theirs: nobody listens."""


@dataclass(frozen=True, slots=True)
class Context:
    """Given to functions whose first parameter is annotated `Context` or named `ctx`; the same in child processes.

    `attempt` is 1 for the first. Every line that `logger` writes carries `task_id`, `command` and `attempt`.
    `on_progress` hears what `progress` is told.
    """

    task_id: UUID
    attempt: int
    command: str
    on_progress: Callable[[float, str], None] = field(default=_unheard, repr=False, compare=False)

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Made when it is asked for: most runs of most tasks log nothing, and all of them have a context."""
        facts = {"task_id": str(self.task_id), "command": self.command, "attempt": self.attempt}
        return logging.LoggerAdapter(_log, facts)

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how much is done: 0 to 1 (what is outside is taken for the nearer end), and perhaps a few words.

        For people: the latest word is shown, after a second or so, and one may get lost. Words are cut at 200
        characters. Cheap, from any thread: call it as often as you like. Raises TypeError when `fraction` is no number.
        """
        # In this order NaN becomes 0.
        self.on_progress(float(min(1.0, max(0.0, fraction))), message)
