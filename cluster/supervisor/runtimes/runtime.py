"""What runs the workers, as the rest of the supervisor sees it: how many, who they are, how they ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cluster.core.errors import TaskMasterError
from cluster.supervisor.exits import Exits


@dataclass(frozen=True, slots=True)
class Member:
    """One that runs or shall run. `kind`: the role; `state`: as `Child.state` of the wire; `pid`: 0 = none, unknown."""

    name: str
    kind: str
    state: str
    pid: int = 0
    restarts: int = 0


class Runtime(Protocol):
    """Makes as many workers run as are wanted, kills or drains one by name, notes the ends of all.

    It is a service (`runtime.lifecycle`). `changed` is set when `members` or `exits` have something new; whoever
    reports clears it.
    """

    exits: Exits
    changed: asyncio.Event

    @property
    def desired(self) -> int: ...

    def members(self) -> Sequence[Member]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def scale(self, count: int) -> None:
        """Want `count` workers from now on; returns before they are there. Raises TaskMasterError when refused."""
        ...

    async def kill(self, name: str) -> bool:
        """SIGKILL a worker; another one takes its place. False when no worker of that name runs here.

        Raises TaskMasterError when that could not be done.
        """
        ...

    async def drain(self, name: str) -> bool:
        """Let a worker finish what runs and end; another one takes its place meanwhile. False when no worker of that
        name runs here.

        Raises TaskMasterError when that could not be done.
        """
        ...

    async def given_up(self) -> TaskMasterError:
        """Returns when going on is pointless: what to say about it."""
        ...

    def stop_at_once(self) -> None:
        """For a second signal, just before this process exits."""
        ...
