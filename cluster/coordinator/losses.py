"""Losses: the sessions of workers that fell silent are ended, and those whose end PostgreSQL did not take at once.

A loop of its own. To end a session may take long: a network is asked that may not answer, a statement may wait for a
lock that somebody forgot. The heartbeats of the live workers must be written meanwhile, whatever the order of the two
in one loop would be: what is not prolonged in time, the leader ends.

One worker's trouble is its own: each is judged and ended by itself, and what failed is told when the others are done.
"""

import asyncio

from cluster.coordinator.reach import listens
from cluster.coordinator.session import WorkerSession
from cluster.coordinator.sessions import Sessions
from cluster.runtime.ticker import Ticker


class Losses:
    """State: the loop; which session is over is noted with itself."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._ticker = Ticker("losses", sessions.tick, self.step, worst_pause=1.0)

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def step(self) -> None:
        """End what is lost. Raises the first error of those that could not be ended; the next step tries them again."""
        failures = await asyncio.gather(*map(self._judge, self._sessions.silent()), return_exceptions=True)
        for session in [session for session in self._sessions.all() if session.over]:
            try:
                await self._sessions.end(session, session.end_reason, crashed=session.crashed)
            except Exception as error:  # noqa: BLE001 - told below
                failures.append(error)
        for failure in failures:
            if failure is not None:
                raise failure

    async def _judge(self, session: WorkerSession) -> None:
        """Whoever still takes connections is not cut off but frozen, and a task can do that: C code that keeps the
        interpreter's lock. It would freeze one worker after the other."""
        frozen = await listens(session.address)
        if session not in self._sessions.silent():
            # It was heard meanwhile, or we were away.
            return
        what = "frozen" if frozen else "out of reach"
        session.end(f"no heartbeat for {self._sessions.ttl:g} s, {what}", crashed=frozen)
