"""What a task function may know about the task it runs."""

import logging
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Context:
    """Given to functions whose first parameter is annotated `Context` or named `ctx`; the same in child processes.

    `attempt` is 1 for the first. Every line that `logger` writes carries `task_id`, `command` and `attempt`.
    """

    task_id: UUID
    attempt: int
    command: str
    logger: logging.LoggerAdapter[logging.Logger] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        facts = {"task_id": str(self.task_id), "command": self.command, "attempt": self.attempt}
        object.__setattr__(self, "logger", logging.LoggerAdapter(logging.getLogger("task"), facts))
