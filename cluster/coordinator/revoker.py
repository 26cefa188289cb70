"""The revoker takes leases away whose tasks were cancelled, or went on elsewhere: frees their slots, tells the workers.

Who cancels says so at once (`revoke`); that hint may get lost, or reach another coordinator than the one that holds the
session. So what has been held since the last look is looked up in PostgreSQL, which alone knows. Leases younger than
that, the bulk of a busy system, are never looked up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice

from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.coordinator.sessions import Sessions
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store import leases as store
from cluster.store.pool import Pool, connected

LOOK = 2.0
"""Seconds between two looks."""
MOST = 5_000
"""Leases that one look looks up; the next one goes on with the others."""
STATEMENT = 1_000

Ref = tuple[int, bytes, int]
"""A lease by its session, its task's id as the wire carries it, and its token."""


class Revoker:
    """`freed` is called when slots are free. State: the leases that were held at the last look, those first that were
    not looked up for longest; never more than the sessions hold."""

    def __init__(self, pool: Pool, sessions: Sessions, freed: Callable[[], None]) -> None:
        self._pool = pool
        self._sessions = sessions
        self._freed = freed
        self._held: dict[Ref, None] = {}
        self._ticker = Ticker("revoker", LOOK, self.step)

    def __repr__(self) -> str:
        return f"<Revoker held={len(self._held)}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    def revoke(self, ended: Iterable[Ref]) -> None:
        """These leases have ended; those that are not remembered here are somebody else's."""
        revoked: dict[WorkerSession, list[HeldLease]] = defaultdict(list)
        for session_id, key, token in ended:
            session = self._sessions.of_id(session_id)
            lease = session.leases.get(key) if session else None
            if session and lease and lease.lease_token == token:
                del session.leases[key]
                revoked[session].append(lease)
        for session, leases in revoked.items():
            telemetry.emit("leases_revoked", worker=session.name, leases=len(leases))
            if session.delivery is not None:
                session.delivery.revoke(leases)
        if revoked:
            self._freed()

    async def step(self) -> None:
        """Look up the leases that have been held for a while. Raises StoreUnavailable."""
        held = {
            (session.session_id, lease.key, lease.lease_token): lease
            for session in self._sessions.all()
            for lease in session.leases.values()
            if not lease.reported
        }
        old = [ref for ref in self._held if ref in held]
        due = iter(old[:MOST])
        fresh = [ref for ref in held if ref not in self._held]
        # What is looked up now is the last in line for the next look.
        self._held = dict.fromkeys([*old[MOST:], *fresh, *old[:MOST]])
        while part := list(islice(due, STATEMENT)):
            self.revoke(await self._gone({ref: held[ref] for ref in part}))

    async def _gone(self, leases: dict[Ref, HeldLease]) -> list[Ref]:
        async with connected(self._pool) as connection:
            held = await store.still_held(
                connection, [store.Held(lease.id, lease.lease_token) for lease in leases.values()]
            )
        # The answer speaks of the newest token of each task.
        newest: dict[bytes, int] = {}
        for lease in leases.values():
            newest[lease.key] = max(lease.lease_token, newest.get(lease.key, 0))
        return [
            ref
            for ref, lease in leases.items()
            # Reported meanwhile: the flush settles it.
            if not lease.reported and (lease.id not in held or lease.lease_token < newest[lease.key])
        ]
