"""What a checker found."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule`: one word, named in the module that checks it. `task_id`: None where it is not about one task."""

    rule: str
    detail: str
    task_id: UUID | None = None

    @classmethod
    def nothing(cls, of_what: str) -> Self:
        """There was nothing to check, and a checker that saw nothing has proved nothing."""
        return cls("nothing to check", of_what)

    def __str__(self) -> str:
        return f"{self.rule}: {self.detail}" + (f" (task {self.task_id})" if self.task_id else "")
