"""The dispatcher: leases for free slots, all of them in one claim.

Woken by enqueues, freed slots and new workers; otherwise it looks by itself, soon after there was something to do and
less and less often while there is nothing. Workers that offer the same commands share a claim. Where they differ, each
kind gets its own, which leaves alone what only the other kinds know; what nobody knows is parked.

One claim at a time: so when `isolation`, which reserves workers, has its turn, nothing is on the way to them.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from cluster.coordinator.feed import Feed, TaskNews
from cluster.coordinator.news import assigned_news
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.coordinator.sessions import Sessions
from cluster.core.dispatch import DispatchPolicy, expected_rates, slot_order
from cluster.core.events import EventName
from cluster.runtime.ticker import Ticker
from cluster.store import leases as store
from cluster.store.floors import Floors, claim_onward
from cluster.store.pool import Connection, Pool, connected

CLAIM = 2_000
"""Slots in one claim."""
SOON, LATE = 0.005, 0.25
"""Seconds until the next look by itself: after a claim that found something; at most."""


class Dispatcher:
    """State: whose turn it is, how long the next pause is, where the claims of each kind of worker go on, and the claim
    under way."""

    def __init__(self, pool: Pool, sessions: Sessions, feed: Feed, policy: DispatchPolicy) -> None:
        self._pool = pool
        self._sessions = sessions
        self._feed = feed
        self._policy = policy
        self._floors: dict[frozenset[str], Floors] = {}
        self._turn = 0
        self._pause = SOON
        self._claiming = asyncio.Lock()
        self._ticker = Ticker("dispatcher", LATE, self.step, worst_pause=1.0)

    def __repr__(self) -> str:
        return f"<Dispatcher turn={self._turn} pause={self._pause:.3f}>"

    def wake(self) -> None:
        self._ticker.wake()

    def came_back(self) -> None:
        """Tasks are ready again that were so long ago."""
        for floors in self._floors.values():
            floors.came_back()
        self.wake()

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def step(self) -> float:
        """Claim for every free slot. Returns the seconds until the next look."""
        found = asked = 0
        async with self._claiming:
            for group in self._groups():
                slots = self._slots(group)
                if slots.order:
                    asked += len(slots.order)
                    found += await self._claim(group, slots)
        if found and found == asked:
            # There may be more, and slots may have been freed meanwhile.
            self._pause = SOON
            return 0.0 if found >= CLAIM else SOON
        self._pause = SOON if found else min(LATE, self._pause * 2)
        return self._pause

    async def claim_alone(self, session: WorkerSession) -> bool:
        """Lease a task that has to run alone to a reserved session, if it holds nothing. Whether there was one."""
        async with self._claiming:
            # Asked only now: a claim that began before the session was reserved may have filled it.
            if session.leases or not session.takes_tasks:
                return False
            async with connected(self._pool) as connection:
                lease = await store.claim_isolated(
                    connection, session.session_id, session.worker_id, sorted(session.commands), HeldLease
                )
                if lease is not None:
                    session.alone = lease.key
                    await self._hand_over(connection, {session.session_id: session}, [lease])
        return lease is not None

    def _groups(self) -> list[list[WorkerSession]]:
        groups: dict[frozenset[str], list[WorkerSession]] = defaultdict(list)
        for session in self._sessions.all():
            groups[session.commands].append(session)
        self._floors = {commands: self._floors.get(commands) or Floors() for commands in groups}
        return list(groups.values())

    def _slots(self, group: Sequence[WorkerSession]) -> store.Slots:
        now = time.monotonic()
        rates = expected_rates([session.rate.per_second(now) for session in group])
        capacities = [session.capacity(rate) for session, rate in zip(group, rates, strict=True)]
        order = slot_order(self._policy, capacities, self._turn % len(group), CLAIM)
        return store.Slots(
            order=order,
            sessions=[session.session_id for session in group],
            workers=[session.worker_id for session in group],
            others=sorted(self._sessions.offered - group[0].commands),
        )

    async def _claim(self, group: Sequence[WorkerSession], slots: store.Slots) -> int:
        async with connected(self._pool) as connection:
            leases = await claim_onward(connection, slots, HeldLease, self._floors[group[0].commands])
            if leases:
                await self._hand_over(connection, {session.session_id: session for session in group}, leases)
        self._turn += len(leases)
        return len(leases)

    async def _hand_over(
        self, connection: Connection, group: dict[int, WorkerSession], leases: Sequence[HeldLease]
    ) -> None:
        given: dict[int, list[HeldLease]] = defaultdict(list)
        unknown: list[store.Parked] = []
        homeless: list[store.Held] = []
        for lease in leases:
            session = group[lease.session_id]
            policy = session.policies.get(lease.command)
            if policy is None:
                reason = f"no worker online knows the command {lease.command!r}"
                unknown.append(store.Parked(store.Held(lease.id, lease.lease_token), reason))
            elif session.over:
                # It ended while the claim was on its way, after its leases had been rescued.
                homeless.append(store.Held(lease.id, lease.lease_token))
            else:
                lease.under(policy)
                given[lease.session_id].append(lease)
        for session_id, fitting in given.items():
            self._give(group[session_id], fitting)
        if unknown:
            await store.park(connection, unknown)
            self._feed.tell_tasks(EventName.TASK_PARKED, unknown, _parked_news, level="warning")
        if homeless:
            await store.release(connection, homeless)

    def _give(self, session: WorkerSession, leases: list[HeldLease]) -> None:
        session.leases.update((lease.key, lease) for lease in leases)
        # First of all they go: telling can wait.
        if session.delivery is not None:
            session.delivery.give(leases)
        self._feed.tell_tasks(EventName.TASK_ASSIGNED, leases, partial(assigned_news, session))


def _parked_news(parked: store.Parked) -> TaskNews:
    return TaskNews(str(parked.held.task_id), "", f"Parked: {parked.reason}")
