"""What people want of tasks by hand, cancel and retry: in which states it can be done, and what is said otherwise."""

from dataclasses import dataclass
from uuid import UUID

from cluster.core.task import FINAL, UNSUCCESSFUL, State


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a task. `changes`: the states that it can be done to. `settled`: those in which there is
    nothing left to do. `done`, `news`, `said`: how it is told that it was done, to who asked and to who watches, and
    that there was nothing to do.
    """

    changes: frozenset[State]
    settled: frozenset[State]
    done: str
    news: str
    said: str
    refusal: str

    def told(self, command: str, was: State) -> str:
        """What the activity log says of a task that it was done to."""
        return f"{command} {self.news}; it was {was.name.lower()}"

    def why_not(self, was: State, held_by: UUID | None, *, brief: bool = False) -> str | None:
        """Why it could not be done to a task that nothing was done to; None if there was nothing left to do.

        `held_by`: the live task that has its unique key. `brief`: the same text for all tasks of which it is true.
        """
        if was in self.settled:
            return None
        if was not in self.changes:
            return f"it is {was.name.lower()}" + ("" if brief else f"; {self.refusal}")
        if held_by is not None:
            return "a live task holds its unique_key" + ("" if brief else f": {held_by}")
        return "it changed at the same moment; say it again"


CANCEL = Wish(
    changes=frozenset(State) - FINAL,
    settled=frozenset({State.CANCELLED}),
    done="cancelled",
    news="is cancelled by hand",
    said="cancelled already",
    refusal="what has ended cannot be cancelled",
)
RETRY = Wish(
    changes=UNSUCCESSFUL,
    settled=frozenset(State) - FINAL,
    done="ready to run again",
    news="is to run again, by hand",
    said="going to run or running already",
    refusal="only what ended without success can run again",
)
