"""Sessions: heartbeats open, adopt and prolong them; the session of a worker that is gone is ended, its leases rescued.

What is here is a cache. A session that another coordinator adopted, or that the leader ended, is dropped when the next
prolongation does not find it. A coordinator takes at most SESSIONS workers.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack

from cluster.coordinator.feed import Feed
from cluster.coordinator.heartbeats import pulse_of, registration_of, session_of, told_of
from cluster.coordinator.rescues import Rescues
from cluster.coordinator.session import Delivery, HeldLease, WorkerSession
from cluster.core.errors import StoreUnavailable, TaskMasterError
from cluster.core.events import EventName
from cluster.core.task import State
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.store import commands
from cluster.store import sessions as store
from cluster.store.clock import DatabaseClock
from cluster.store.pool import Connection, Pool, connected
from cluster.store.server import server_facts
from cluster.wire import taskmaster_pb2 as pb

COME_AGAIN = 2
"""Heartbeat intervals within which every live worker is heard again by who was away: the longest pause between two
tries of a worker is one and a fifth."""
SESSIONS = 1_000
"""Workers of one coordinator."""

Deliver = Callable[[WorkerSession], Delivery]


class Sessions:
    """State: the live sessions by id, the commands that any worker of the cluster offers, and since when this process
    has been able to hear heartbeats without a break.

    `deliver` makes the delivery of a new session; `woken` is called when there may be new capacity or new ready tasks.
    `tick`: seconds between two steps.
    """

    def __init__(
        self,
        pool: Pool,
        feed: Feed,
        rescues: Rescues,
        clock: DatabaseClock,
        coordinator_id: str,
        interval: float,
        misses: int,
    ) -> None:
        self._pool = pool
        self._feed = feed
        self._rescues = rescues
        self._clock = clock
        self._coordinator_id = coordinator_id
        self._interval, self._misses = interval, misses
        self._live: dict[int, WorkerSession] = {}
        self._opening = asyncio.Lock()
        self._looked_at = self._listening_since = float("-inf")
        self.tick = min(1.0, interval / 2)
        # A little longer than we wait for a heartbeat: the leader, which only sees the expiry, would else be quicker
        # than the one who can tell a frozen worker from one that is cut off.
        self._lifetime = self.ttl + 2 * self.tick
        self._ticker = Ticker("sessions", self.tick, self.step, worst_pause=1.0)
        self.offered: frozenset[str] = frozenset()
        self.deliver: Deliver | None = None
        self.woken: Callable[[], None] = lambda: None

    def __repr__(self) -> str:
        return f"<Sessions {list(self._live.values())}>"

    @property
    def ttl(self) -> float:
        return self._interval * self._misses

    def all(self) -> Collection[WorkerSession]:
        return self._live.values()

    def of_id(self, session_id: int) -> WorkerSession | None:
        return self._live.get(session_id)

    def of_worker(self, worker_id: str) -> WorkerSession | None:
        return next((session for session in self._live.values() if session.worker_id == worker_id), None)

    def know(self, held: store.OldLease) -> bool:
        """Whether this lease is remembered, or its session is not ours any more."""
        session = self._live.get(held.session_id)
        if session is None or session.over:
            return True
        lease = session.leases.get(held.task_id.bytes)
        return lease is not None and lease.lease_token == held.token

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        """Let go of every worker; their sessions stay alive in PostgreSQL, for another coordinator to adopt."""
        await self._ticker.stop()
        live, self._live = self._live, {}
        for session in live.values():
            session.over = True
            if session.delivery is not None:
                await session.delivery.stop()

    async def heartbeat(self, request: pb.HeartbeatRequest) -> pb.HeartbeatResponse:
        """Note that a worker is alive; open or adopt its session if it is not here. Raises StoreUnavailable."""
        session = self._live.get(request.session_id)
        if session is None or session.worker_id != request.worker_id:
            async with self._opening:
                session = self.of_worker(request.worker_id) or await self._admit(request)
        if session is not None:
            self._note(session, request)
        return pb.HeartbeatResponse(
            session_id=session.session_id if session else 0,
            interval_seconds=self._interval,
            misses=self._misses,
            coordinator_id=self._coordinator_id,
        )

    async def end(self, session: WorkerSession, reason: str, *, crashed: bool = True) -> None:
        """The worker is gone: end its session, rescue its leases. Raises StoreUnavailable, and may be called again.

        `crashed`: its process ended or froze, and perhaps one of its tasks did that; not if it was draining.
        """
        session.end(reason, crashed=crashed)
        async with session.closing:
            if self._live.get(session.session_id) is not session:
                return
            reason, crashed = session.end_reason, session.crashed
            async with connected(self._pool) as connection:
                rescued = await store.end_sessions(
                    connection, self._coordinator_id, [session.session_id], reason, crashed=crashed
                )
            await self._ended(session, reason, rescued)

    async def end_process(
        self, host: str, pid: int, name: str, reason: str, *, ordered: bool, ago: float = 0.0
    ) -> None:
        """Somebody saw the process of a worker end, `ago` seconds ago: so have its sessions, whoever holds them.

        `pid` 0 is one that ran in a container. Nothing if that is known. Raises StoreUnavailable.
        """
        async with connected(self._pool) as connection:
            ids = await store.sessions_of_process(connection, host, pid, name, ago)
        here = [session for session in map(self._live.get, sorted(ids)) if session is not None]
        crashed = not ordered and not any(session.draining for session in here)
        for session in here:
            session.end(reason, crashed=crashed)
        async with AsyncExitStack() as closing:
            for session in here:
                await closing.enter_async_context(session.closing)
            async with connected(self._pool) as connection:
                rescued = await store.end_sessions(connection, None, ids, reason, crashed=crashed) if ids else []
            for session in here:
                await self._ended(session, reason, [row for row in rescued if row.session_id == session.session_id])
        self._rescues.tell([row for row in rescued if all(row.session_id != session.session_id for session in here)])
        if rescued:
            self.woken()

    def silent(self) -> list[WorkerSession]:
        """Those that this process has not heard for too long, although it was there to hear them."""
        now = time.monotonic()
        self._note_own_absence(now)
        if now - self._listening_since <= COME_AGAIN * self._interval:
            return []
        return [session for session in self._live.values() if not session.over and now - session.heard_at > self.ttl]

    async def step(self) -> None:
        """Prolong the sessions that were heard of, drop those that are somebody else's. Raises StoreUnavailable."""
        now = time.monotonic()
        self._note_own_absence(now)
        sessions = [session for session in self._live.values() if not session.over]
        pulses = [pulse_of(session, now) for session in sessions]
        async with connected(self._pool) as connection:
            alive = await store.prolong(connection, self._coordinator_id, pulses, self._lifetime) if pulses else set()
            self.offered = frozenset(await store.offered_commands(connection))
            self._clock.observe((await server_facts(connection)).now)
        for session, pulse in zip(sessions, pulses, strict=True):
            if session.session_id in alive:
                session.lives_until = now - pulse.age + self._lifetime
                session.pace.note(pulse.completed + pulse.failed, now)
                session.completed -= pulse.completed
                session.failed -= pulse.failed
            elif not session.over and self._live.pop(session.session_id, None) is not None:
                # One that is over by now was ended meanwhile; whoever did that tells it and lets it go.
                telemetry.emit("session_lost", level="warning", worker=session.name, session=session.session_id)
                session.over = True
                await self._let_go(session)

    def _note_own_absence(self, now: float) -> None:
        """A process that was frozen has not heard the workers: they get the time to come again before they are lost."""
        if now - self._looked_at > self._interval:
            self._listening_since = now
        self._looked_at = now

    async def gone(self, session: WorkerSession, reason: str) -> None:
        """A delivery found its worker gone. If PostgreSQL does not take that now, `losses` ends the session."""
        try:
            await self.end(session, reason)
        except TaskMasterError as error:
            telemetry.emit("end_postponed", level="warning", worker=session.name, error=error.detail)

    async def _admit(self, request: pb.HeartbeatRequest) -> WorkerSession | None:
        if len(self._live) >= SESSIONS:
            raise StoreUnavailable(f"this coordinator has its {SESSIONS} workers; go to another one")
        session = session_of(request)
        session.lives_until = time.monotonic() + self._lifetime
        async with connected(self._pool) as connection:
            if request.session_id == 0:
                await commands.tell(connection, told_of(request))
                registration = registration_of(session, self._coordinator_id)
                session.session_id = await store.open_session(connection, registration, self._lifetime)
            elif await self._adopted(connection, request):
                _restore(session, await store.held_leases(connection, request.session_id))
            else:
                return None
        await self._replace(session)
        self._live[session.session_id] = session
        self.offered |= session.commands
        self._feed.tell(
            EventName.WORKER_ONLINE, f"{session.name} is online with {session.slots} slots", worker_id=session.worker_id
        )
        telemetry.emit("worker_online", worker=session.name, worker_id=session.worker_id, slots=session.slots)
        if self.deliver is not None:
            session.delivery = self.deliver(session)
            await session.delivery.start()
        self.woken()
        return session

    async def _replace(self, session: WorkerSession) -> None:
        """One process listens at an address: who was there before is gone, or this same process did not hear from us
        that it had been registered."""
        for other in [other for other in self._live.values() if other.address == session.address]:
            await self.gone(other, "another worker listens at its address")

    async def _adopted(self, connection: Connection, request: pb.HeartbeatRequest) -> bool:
        return await store.adopt_session(
            connection, request.session_id, request.worker_id, self._coordinator_id, self._lifetime
        )

    def _note(self, session: WorkerSession, request: pb.HeartbeatRequest) -> None:
        session.heard_at = time.monotonic()
        session.rss_bytes, session.loop_lag = request.rss_bytes, request.loop_lag_seconds
        if request.draining and not session.draining:
            session.draining = True
            self._feed.tell(EventName.WORKER_DRAINING, f"{session.name} takes no more", worker_id=session.worker_id)
            self._ticker.wake()
        if request.blocked_by != session.blocked_by:
            session.blocked_by = request.blocked_by
            self._tell_blocked(session, request.blocked_seconds)

    def _tell_blocked(self, session: WorkerSession, seconds: float) -> None:
        """Once when it begins, once when it is over."""
        if command := session.blocked_by:
            level, msg = "warning", f"{command} has blocked the task loop of {session.name} for {seconds:.1f} s"
        else:
            level, msg = "info", f"the task loop of {session.name} is free again"
        telemetry.emit("worker_blocked", level=level, worker=session.name, blocked_by=session.blocked_by)
        self._feed.tell(EventName.WORKER_BLOCKED, msg, level=level, worker_id=session.worker_id)

    async def _ended(self, session: WorkerSession, reason: str, rescued: list[store.Rescued]) -> None:
        if self._live.pop(session.session_id, None) is None:
            # Somebody else noticed it, too, and has told; the tasks are ours to tell.
            self._rescues.tell(rescued)
            return
        self._tell_end(session, reason, rescued)
        await self._let_go(session)
        self.woken()

    def _tell_end(self, session: WorkerSession, reason: str, rescued: list[store.Rescued]) -> None:
        level = "info" if session.draining and not rescued else "warning"
        telemetry.emit("worker_offline", level=level, worker=session.name, reason=reason, rescued=len(rescued))
        self._feed.tell(
            EventName.WORKER_OFFLINE, f"{session.name} is offline: {reason}", level=level, worker_id=session.worker_id
        )
        self._rescues.tell(rescued)

    async def _let_go(self, session: WorkerSession) -> None:
        session.leases.clear()
        if session.delivery is not None:
            await session.delivery.stop()


def _restore(session: WorkerSession, rows: list[store.LeaseRow]) -> None:
    """What a session holds that is taken over; if one of these has to run alone, it goes on alone."""
    session.leases = {row.task_id.bytes: _held(session, row) for row in rows}
    session.alone = next((row.task_id.bytes for row in rows if row.alone), None)
    if session.alone is not None:
        session.reserved_since = time.monotonic()


def _held(session: WorkerSession, row: store.LeaseRow) -> HeldLease:
    policy = session.policy(row.command)
    return HeldLease(
        key=row.task_id.bytes,
        session_id=session.session_id,
        lease_token=row.token,
        command=row.command,
        payload=None,
        attempt=row.attempt,
        max_attempts=row.max_attempts or policy.max_attempts,
        timeout_ms=policy.timeout_ms,
        started=row.state is State.RUNNING,
    )
