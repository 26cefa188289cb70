"""A container engine as a runtime needs it, and what it sees there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Unit:
    """A container (or pod) that runs a worker, as it was when somebody looked.

    `key`: what the engine calls it; `name`: the worker's; `host`: its host name; `state`: as `Child.state` of the wire,
    empty when it has ended for good; `life`: another one for each process that it runs; `code`: how the process before
    this life ended, or the last one if none runs, as an exit code or minus the signal, None = nobody knows; `node`:
    which of several machines it is on, empty = there is one; `grace`: how many seconds one that was told to drain may
    take, None = it was not told, or the engine itself sees to that.
    """

    key: str
    name: str
    host: str
    state: str
    life: str
    restarts: int = 0
    code: int | None = None
    node: str = ""
    grace: float | None = None

    @property
    def runs(self) -> bool:
        return self.state in {"running", "draining"}


class Engine(Protocol):
    """Blocks; each call ends within seconds. Raises EngineUnavailable when the engine refuses or does not answer.

    `replaces`: it sees to it by itself that another worker takes the place of one that drains or has ended.
    """

    @property
    def replaces(self) -> bool: ...

    def look(self) -> Sequence[Unit]:
        """The workers there are, and those that have ended and were not taken away yet."""
        ...

    def scale(self, count: int) -> bool:
        """Take a step towards `count` workers; true when no further one is needed."""
        ...

    def kill(self, unit: Unit) -> None:
        """SIGKILL. Nothing happens to one that has ended."""
        ...

    def drain(self, unit: Unit) -> None:
        """SIGTERM: it finishes what runs and ends. Another one is seen to by the engine if it `replaces`, else by
        `scale` with the number of before.

        Whoever looks from now on sees it drain, another supervisor, too.
        """
        ...

    def clear(self, unit: Unit) -> None:
        """Take away what is left of one that has drained, where it has a `grace`."""
        ...

    def replace(self, unit: Unit) -> None:
        """See to it that another process takes the place of one that was killed, if the engine does not by itself."""
        ...

    def close(self) -> None:
        """Let go of the connection to the engine."""
        ...
