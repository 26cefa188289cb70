"""Isolation: tasks whose workers crashed twice run alone, so that a third crash tells which one it was.

A worker is reserved for them: the one with the least to do. It gets nothing more, and once it holds nothing it gets
one of these tasks at a time; the next one when the outcome of the last is settled. After a TURN, or when none is left,
it is let go. Where workers differ, one is reserved for the commands that the first does not know.

Nothing of this outlives a coordinator but the leases themselves: whoever takes a session over that holds such a task
goes on where the last one stopped (`sessions`). Several coordinators reserve a worker each, and their claims skip each
other's locks. A reserved worker that does not become empty is given up for one that holds less, or, when there is
none, after a while: one bad task must not keep the slots of a whole cluster idle until the longest task ends. Then
nobody is reserved for a multiple of that time, and the next try waits longer.
"""

import time
from collections.abc import Collection

from cluster.coordinator.dispatcher import Dispatcher
from cluster.coordinator.session import WorkerSession
from cluster.coordinator.sessions import Sessions
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store.leases import isolated_commands
from cluster.store.pool import Pool, connected

LOOK = 1.0
"""Seconds between two looks for isolated tasks."""
TURN = 5.0
"""Seconds after which a worker that runs isolated tasks is let go until the next look: there may be no other one for
all the tasks that harm nobody."""
PATIENCE, MOST_PATIENCE = 5.0, 900.0
"""Seconds that a reserved worker gets to become empty, at first and after many tries in vain."""
REST = 4.0
"""Times as long as that, nobody is reserved then."""


class Isolation:
    """State: when to look next (monotonic), how long to wait for a session to become empty, and whether one was
    reserved at the last turn. The sessions know which of them are."""

    def __init__(self, pool: Pool, sessions: Sessions, dispatcher: Dispatcher) -> None:
        self._pool = pool
        self._sessions = sessions
        self._dispatcher = dispatcher
        self._look_at = self._rests_until = float("-inf")
        self._patience = PATIENCE
        self._reserving = False
        self._ticker = Ticker("isolation", LOOK, self.step, worst_pause=1.0)

    def __repr__(self) -> str:
        return f"<Isolation {self._reserved()}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    def wake(self) -> None:
        """Tasks came back that have to run alone."""
        self._look_at = self._rests_until
        self._ticker.wake()

    def freed(self) -> None:
        """Slots are free; perhaps those that a reserved session was waited for to free."""
        if self._reserving and any(not session.leases for session in self._reserved()):
            self._ticker.wake()

    async def step(self) -> None:
        """Give each empty reserved session its next task; look for isolated tasks when it is time. Raises
        StoreUnavailable."""
        for session in self._reserved():
            if not session.leases:
                await self._next(session)
        if time.monotonic() >= self._look_at:
            await self._look()
        self._reserving = bool(self._reserved())

    def _reserved(self) -> list[WorkerSession]:
        return [session for session in self._sessions.all() if session.reserved_since is not None]

    async def _next(self, session: WorkerSession) -> None:
        now = time.monotonic()
        if session.alone is None:
            # Its turn begins when it has become empty, not when that was asked for.
            session.reserved_since = now
        elif session.reserved_since is not None and now - session.reserved_since >= TURN:
            self._look_at = now + LOOK
            self._let_go(session)
            return
        if await self._dispatcher.claim_alone(session):
            self._patience = PATIENCE
        elif not session.leases and session.takes_tasks:
            self._let_go(session)

    async def _look(self) -> None:
        offered = sorted({command for session in self._sessions.all() for command in session.commands})
        async with connected(self._pool) as connection:
            waiting = set(await isolated_commands(connection, offered))
        now = time.monotonic()
        self._look_at = now + LOOK
        for session in self._reserved():
            if self._waits_in_vain(session, now):
                self._give_up(now)
                return
            if session.runs_alone or not (waiting.isdisjoint(session.commands) or self._has_better(session, waiting)):
                waiting -= session.commands
            else:
                self._let_go(session)
        while waiting and (chosen := self._least_loaded(waiting)):
            chosen.reserved_since = time.monotonic()
            waiting -= chosen.commands
            telemetry.emit("worker_reserved", worker=chosen.name, leases=len(chosen.leases))
            if not chosen.leases:
                self._ticker.wake()

    def _waits_in_vain(self, session: WorkerSession, now: float) -> bool:
        since = session.reserved_since
        return since is not None and session.alone is None and bool(session.leases) and now - since > self._patience

    def _give_up(self, now: float) -> None:
        telemetry.emit("isolation_postponed", level="warning", waited=self._patience)
        self._look_at = self._rests_until = now + REST * self._patience
        self._patience = min(2 * self._patience, MOST_PATIENCE)
        for session in self._reserved():
            if session.alone is None:
                self._let_go(session)

    def _has_better(self, reserved: WorkerSession, commands: Collection[str]) -> bool:
        """Whether another session would become empty sooner: it holds less, and knows one of the same commands."""
        other = self._least_loaded(reserved.commands.intersection(commands))
        return other is not None and (not reserved.takes_tasks or len(other.leases) < len(reserved.leases))

    def _least_loaded(self, commands: Collection[str]) -> WorkerSession | None:
        known = [
            session
            for session in self._sessions.all()
            if session.reserved_since is None and session.takes_tasks and not session.commands.isdisjoint(commands)
        ]
        return min(known, key=lambda session: len(session.leases), default=None)

    def _let_go(self, session: WorkerSession) -> None:
        session.reserved_since = session.alone = None
        self._dispatcher.wake()
