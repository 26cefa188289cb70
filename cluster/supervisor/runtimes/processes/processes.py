"""Workers as processes of this machine: a crew, looked at whenever something happens and at least once a second."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence

from cluster.core.errors import CannotStart, TaskMasterError
from cluster.runtime.entry import EXIT_CANNOT_START
from cluster.runtime.ticker import Ticker
from cluster.supervisor.exits import Exits
from cluster.supervisor.runtimes.processes.adopted import reap_adopted
from cluster.supervisor.runtimes.processes.crew import Crew
from cluster.supervisor.runtimes.processes.restarts import RestartPolicy
from cluster.supervisor.runtimes.processes.roles import Role
from cluster.supervisor.runtimes.runtime import Member

LOOK_INTERVAL = 1.0
ORDERLY_SECONDS = 3.0
"""How long a database may take to shut down when all others were killed, before it is made to."""


class Processes:
    """A `Runtime` that keeps `fixed` roles and `desired` workers running.

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
        self._seen: object = None
        self._hopeless = asyncio.Event()
        self._gone = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Processes {self.crew!r}>"

    @property
    def desired(self) -> int:
        return self.crew.desired

    def members(self) -> list[Member]:
        return self.crew.members()

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
        seen = (self.crew.desired, self.crew.members())
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

    async def scale(self, count: int) -> None:
        self.crew.scale(count)
        self._ticker.wake()

    async def kill(self, name: str) -> bool:
        return self.crew.kill(name)

    async def drain(self, name: str) -> bool:
        drains = self.crew.drain(name, time.monotonic())
        # Whoever takes its place shall not wait for the next look.
        self._ticker.wake()
        return drains

    def stop_at_once(self) -> None:
        """Blocks until the children have got it."""
        deadline = time.monotonic() + ORDERLY_SECONDS
        orderly = self.crew.stop_at_once()
        while any(child.runs() for child in orderly) and time.monotonic() < deadline:
            time.sleep(0.02)
        for child in orderly:
            # The second one makes it an immediate shutdown.
            child.signal(signal.SIGTERM)
