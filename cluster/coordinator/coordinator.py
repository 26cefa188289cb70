"""One coordinator: builds its parts, starts them in order, stops them in reverse."""

import os
import socket
from contextlib import AsyncExitStack
from secrets import token_hex

from cluster.coordinator.dispatcher import Dispatcher
from cluster.coordinator.duties import Duties
from cluster.coordinator.elector import Elector
from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import LOCK_WITHIN, Finisher
from cluster.coordinator.isolation import Isolation
from cluster.coordinator.losses import Losses
from cluster.coordinator.progress import ProgressBoard
from cluster.coordinator.push import PushDelivery
from cluster.coordinator.rescues import Rescues
from cluster.coordinator.revoker import Revoker
from cluster.coordinator.servicer import CoordinatorServicer
from cluster.coordinator.session import Delivery, WorkerSession
from cluster.coordinator.sessions import COME_AGAIN, Sessions
from cluster.coordinator.steering import Steering
from cluster.coordinator.strays import Strays
from cluster.coordinator.stream import StreamDelivery
from cluster.coordinator.submissions import Submissions
from cluster.coordinator.supervision import Supervision
from cluster.core.events import EventName
from cluster.runtime import telemetry
from cluster.runtime.lifecycle import Service, running
from cluster.runtime.settings import Settings
from cluster.store.clock import DatabaseClock
from cluster.store.migrations import wait_for_schema
from cluster.store.pool import Pool, beside, connected, create_pool
from cluster.store.server import server_facts
from cluster.wire.channel import Server
from cluster.wire.taskmaster_pb2_grpc import add_CoordinatorServiceServicer_to_server

SERVICES = ("taskmaster.v1.CoordinatorService",)
PATIENCE = 30.0
"""Seconds to wait for PostgreSQL and its schema at the start."""
LAST_WRITES = 5.0
"""Seconds at the end to write what was reported."""


class Coordinator:
    """The parts of one coordinator and how they are wired. State: what of it has started."""

    def __init__(self, settings: Settings) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
        self._running = AsyncExitStack()
        self._server = Server(settings.coordinator.host, settings.coordinator.port, SERVICES)
        self._pool, self._finishing = _pools(settings)
        self._clock = DatabaseClock()
        self._feed = Feed(self.id, self._clock)
        rescues = Rescues(self._feed)
        self._sessions = Sessions(
            self._pool,
            self._feed,
            rescues,
            self._clock,
            self.id,
            settings.heartbeat_interval,
            settings.heartbeat_misses,
        )
        self._losses = Losses(self._sessions)
        self._dispatcher = Dispatcher(self._pool, self._sessions, self._feed, settings.dispatch_policy)
        self._isolation = Isolation(self._pool, self._sessions, self._dispatcher)
        rescues.isolated = self._isolation.wake
        self._finisher = Finisher(self._finishing, self._feed, self._freed, self._wake_promoter, self._dispatcher.wake)
        self._progress = ProgressBoard(self._pool, self._feed)
        self.submissions = Submissions(self._pool, self._feed, self._wake_tasks)
        self._revoker = Revoker(self._pool, self._sessions, self._freed)
        self._strays = Strays(self._pool, self._sessions, self._feed, self._dispatcher.came_back)
        self._elector = Elector(self._pool, self.id, self._elected)
        self._duties = Duties(
            self._pool,
            self._elector,
            rescues,
            self._dispatcher.wake,
            self._dispatcher.came_back,
            patience=COME_AGAIN * settings.heartbeat_interval,
            history_days=settings.history_days,
        )
        self._supervision = Supervision(self._pool, self._feed, self._sessions)
        self._sessions.deliver = self._delivery
        self._sessions.woken = self._dispatcher.came_back
        self._add_servicer()

    def __repr__(self) -> str:
        return f"<Coordinator {self.id}>"

    @property
    def port(self) -> int:
        """Where it listens; known once it has started."""
        return self._server.port

    async def start(self) -> None:
        """Raises CannotStart when PostgreSQL, its schema or the port is not to be had, StoreUnavailable when PostgreSQL
        goes away meanwhile."""
        # First, for a pool that dials in vain takes seconds to close, and somebody may have thought better of it.
        await wait_for_schema(self._pool, PATIENCE)
        for pool in (self._pool, self._finishing):
            await pool.open()
            self._running.push_async_callback(pool.close)
        async with connected(self._pool) as connection:
            # Before anything is told: this machine's clock may be an hour ahead, and told times never go back.
            self._clock.observe((await server_facts(connection)).now)
        await self._running.enter_async_context(running(*self._parts()))
        self._running.push_async_callback(self._drain)
        telemetry.emit("coordinator_online", server=repr(self._server), coordinator=self.id)

    def _parts(self) -> tuple[Service, ...]:
        """In the order in which they start."""
        return (
            self._feed,
            self._sessions,
            self._losses,
            self._finisher,
            self._progress,
            self._dispatcher,
            self._isolation,
            self._revoker,
            self._strays,
            self._elector,
            self._duties,
            self._supervision,
            self.submissions,
            self._server,
        )

    async def stop(self) -> None:
        """Give out nothing more, write what was reported, let go of the workers: they look for another coordinator."""
        await self._running.aclose()

    async def _drain(self) -> None:
        await self._server.set_serving(False)
        await self._isolation.stop()
        await self._dispatcher.stop()
        if not await self._finisher.drained(LAST_WRITES):
            telemetry.emit("reports_left", level="warning", finisher=repr(self._finisher))
        # Before the server, which would wait for these streams.
        await self._supervision.stop()
        await self._feed.stop()

    def _elected(self) -> None:
        self._feed.tell(EventName.LEADER_ELECTED, f"{self.id} leads now: promotes what is due, rescues, cleans up")
        self._duties.wake_all()

    def _add_servicer(self) -> None:
        servicer = CoordinatorServicer(
            pool=self._pool,
            sessions=self._sessions,
            finisher=self._finisher,
            progress=self._progress,
            feed=self._feed,
            submissions=self.submissions,
            steering=Steering(self._pool, self._feed, self._revoker, self._wake_tasks),
            revoker=self._revoker,
            supervision=self._supervision,
            wake_tasks=self._dispatcher.wake,
            wake_promoter=self._wake_promoter,
        )
        add_CoordinatorServiceServicer_to_server(servicer, self._server.grpc)

    def _freed(self) -> None:
        self._dispatcher.wake()
        self._isolation.freed()

    def _wake_tasks(self) -> None:
        self._dispatcher.wake()
        self._wake_promoter()

    def _wake_promoter(self) -> None:
        self._duties.wake()

    def _delivery(self, session: WorkerSession) -> Delivery:
        if not session.streaming:
            return PushDelivery(session, self._finisher, self._dispatcher.wake, self._sessions.gone)
        return StreamDelivery(
            session, self.id, self._finisher, self._progress, self._dispatcher.wake, self._sessions.gone
        )


def _pools(settings: Settings) -> tuple[Pool, Pool]:
    """DB_POOL_SIZE connections in all; one of them is the finisher's."""
    pool = create_pool(settings.database_url, role="coordinator", size=settings.db_pool_size - 1, pinned=True)
    return pool, beside(pool, lock_within=LOCK_WITHIN)
