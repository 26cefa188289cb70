"""The coordinator's program: builds the parts, starts them in order, stops them in reverse."""

import os
import socket
from secrets import token_hex

from cluster.coordinator.dispatcher import Dispatcher
from cluster.coordinator.duties import Duties
from cluster.coordinator.elector import Elector
from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.push import PushDelivery
from cluster.coordinator.servicer import CoordinatorServicer
from cluster.coordinator.session import Delivery, WorkerSession
from cluster.coordinator.sessions import Sessions
from cluster.coordinator.stream import StreamDelivery
from cluster.coordinator.submissions import Submissions
from cluster.coordinator.supervision import Supervision
from cluster.runtime import telemetry
from cluster.runtime.entry import program
from cluster.runtime.lifecycle import running
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown
from cluster.store.clock import DatabaseClock
from cluster.store.migrations import wait_for_schema
from cluster.store.pool import create_pool
from cluster.wire.channel import Server
from cluster.wire.taskmaster_pb2_grpc import add_CoordinatorServiceServicer_to_server

SERVICES = ("taskmaster.v1.CoordinatorService",)
PATIENCE = 30.0
"""Seconds to wait for PostgreSQL and its schema at the start."""
LAST_WRITES = 5.0
"""Seconds at the end to write what was reported."""


class Coordinator:
    """The parts of one coordinator and how they are wired. State: none beyond its parts."""

    def __init__(self, settings: Settings) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
        self._shutdown = Shutdown()
        self._server = Server(settings.coordinator.host, settings.coordinator.port, SERVICES)
        self._pool = create_pool(settings.database_url, role="coordinator", size=settings.db_pool_size, pinned=True)
        clock = DatabaseClock()
        self._feed = Feed(self.id, clock)
        self._sessions = Sessions(
            self._pool, self._feed, clock, self.id, settings.heartbeat_interval, settings.heartbeat_misses
        )
        self._dispatcher = Dispatcher(self._pool, self._sessions, self._feed, settings.dispatch_policy)
        self._finisher = Finisher(self._pool, self._feed, self._dispatcher.wake)
        self._elector = Elector(self._pool, self.id, self._elected)
        self._duties = Duties(self._pool, self._elector, self._feed, self._dispatcher.wake, settings.history_days)
        self._supervision = Supervision(self._pool, self._feed)
        self._sessions.deliver = self._delivery
        self._sessions.woken = self._dispatcher.wake

    async def run(self) -> None:
        self._shutdown.install()
        self._add_servicer()
        await self._pool.open()
        try:
            await wait_for_schema(self._pool, PATIENCE)
            parts = (
                self._feed,
                self._sessions,
                self._finisher,
                self._dispatcher,
                self._elector,
                self._duties,
                self._supervision,
                self._server,
            )
            async with running(*parts):
                telemetry.emit("coordinator_online", address=f"{self._server!r}", coordinator=self.id)
                await self._shutdown.wait()
                await self._drain()
        finally:
            await self._pool.close()

    async def _drain(self) -> None:
        """Give out nothing more, write what was reported; workers keep running and report to another coordinator."""
        await self._server.set_serving(False)
        await self._dispatcher.stop()
        if not await self._finisher.drained(LAST_WRITES):
            telemetry.emit("reports_left", level="warning", finisher=repr(self._finisher))

    def _elected(self) -> None:
        self._duties.wake_all()

    def _add_servicer(self) -> None:
        servicer = CoordinatorServicer(
            pool=self._pool,
            sessions=self._sessions,
            finisher=self._finisher,
            feed=self._feed,
            submissions=Submissions(self._pool, self._feed, self._wake_tasks),
            supervision=self._supervision,
            wake_tasks=self._wake_tasks,
        )
        add_CoordinatorServiceServicer_to_server(servicer, self._server.grpc)

    def _wake_tasks(self) -> None:
        self._dispatcher.wake()
        self._duties.wake()

    def _delivery(self, session: WorkerSession) -> Delivery:
        kind = StreamDelivery if session.streaming else PushDelivery
        return kind(session, self._finisher, self._dispatcher.wake, self._sessions.gone)


async def main(settings: Settings) -> None:
    await Coordinator(settings).run()


def run() -> int:
    return program("coordinator", main)


if __name__ == "__main__":
    raise SystemExit(run())
