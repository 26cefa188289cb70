"""The supervisor as a service: a crew, looked at whenever something happens and at least once a second."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence

from cluster.core.errors import CannotStart, TaskMasterError
from cluster.runtime.entry import EXIT_CANNOT_START
from cluster.runtime.ticker import Ticker
from cluster.supervisor.adopted import reap_adopted
from cluster.supervisor.crew import Crew
from cluster.supervisor.exits import Exits
from cluster.supervisor.restarts import RestartPolicy
from cluster.supervisor.roles import Role

LOOK_INTERVAL = 1.0
ORDERLY_SECONDS = 3.0
"""How long a database may take to shut down when all others were killed, before it is made to."""


class Supervisor:
    """Keeps `fixed` roles and `desired` workers running.

    State: the crew, the ends of its workers, and events that tell what became of it.
    """

    def __init__(
        self,
        fixed: Sequence[Role],
        worker: Callable[[int], Role],
        desired: int,
        *,
        policy: RestartPolicy | None = None,
    ) -> None:
        self._ticker = Ticker("supervise", LOOK_INTERVAL, self.step)
        self.exits = Exits()
        self.crew = Crew(
            fixed,
            worker,
            desired,
            policy=policy or RestartPolicy(),
            on_end=self._ticker.wake,
            on_exit=self.exits.note,
        )
        self.changed = asyncio.Event()
        """Set when a report would differ from the one before; whoever reports clears it."""
        self._seen: object = None
        self._hopeless = asyncio.Event()
        self._gone = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Supervisor {self.crew!r}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        """Drain everything, in order. Returns when the last child is gone."""
        self.crew.stop()
        # By hand once: the ticker may never have been started.
        await self.step()
        self._ticker.wake()
        await self._gone.wait()
        await self._ticker.stop()

    async def step(self) -> float:
        pause = self.crew.advance(time.monotonic())
        if os.getpid() == 1:
            reap_adopted({child.pid for child in self.crew.children()})
        seen = (self.crew.desired, [(child.role.name, child.phase, child.pid) for child in self.crew.children()])
        if seen != self._seen:
            self._seen = seen
            self.changed.set()
        if self.crew.failure is not None:
            self._hopeless.set()
        if self.crew.gone:
            self._gone.set()
        return LOOK_INTERVAL if pause is None else min(pause, LOOK_INTERVAL)

    async def given_up(self) -> TaskMasterError:
        """Returns when going on is pointless: what to say about it."""
        await self._hopeless.wait()
        failure = self.crew.failure
        if failure is None:
            raise AssertionError("a failure does not go away before the end")
        if failure.code == EXIT_CANNOT_START:
            return CannotStart(f"{failure.name} cannot start: {failure.reason}")
        return TaskMasterError(f"{failure.name} failed and was given up: {failure.reason}")

    def scale(self, count: int) -> None:
        self.crew.scale(count)
        self._ticker.wake()

    def kill(self, name: str) -> bool:
        """False when no worker of that name runs here."""
        return self.crew.kill(name)

    def stop_at_once(self) -> None:
        """For a second signal, just before this process exits. Blocks until the children have got it."""
        deadline = time.monotonic() + ORDERLY_SECONDS
        orderly = self.crew.stop_at_once()
        while any(child.runs() for child in orderly) and time.monotonic() < deadline:
            time.sleep(0.02)
        for child in orderly:
            # The second one makes it an immediate shutdown.
            child.signal(signal.SIGTERM)
