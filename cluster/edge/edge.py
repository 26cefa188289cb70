"""The edge put together: its parts in the order in which they start, and stop in reverse."""

import secrets
import socket
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

from cluster.core.budget import Budget
from cluster.core.events import Event, ScheduledFirst
from cluster.edge import page
from cluster.edge.app import Application, create_router
from cluster.edge.cluster import Cluster
from cluster.edge.coordinators import Coordinators
from cluster.edge.document import documented
from cluster.edge.feed import Feed
from cluster.edge.herald import Herald
from cluster.edge.logs import Logs
from cluster.edge.metrics import Metrics
from cluster.edge.operation import Operation
from cluster.edge.origin import Doorkeeper
from cluster.edge.probes import Probes
from cluster.edge.queues import Queues
from cluster.edge.read_only import looked_at
from cluster.edge.server import HttpServer
from cluster.edge.steering import Steering
from cluster.edge.stream import Stream
from cluster.edge.tasks import Tasks
from cluster.edge.workers import Workers
from cluster.runtime.lifecycle import running
from cluster.runtime.settings import Settings
from cluster.runtime.ticker import Ticker
from cluster.store.clock import DatabaseClock
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Pool, connected
from cluster.store.server import server_facts

CLOCK_INTERVAL = 5.0
SUMMARY_INTERVAL = 0.5


class Edge:
    """One edge. State: its parts, and what to stop."""

    def __init__(self, settings: Settings, pool: Pool, listener: socket.socket) -> None:
        """`pool` is open and its schema current; `listener` is bound. Both are closed by whoever made them."""
        boot = secrets.token_hex(4)
        order = ScheduledFirst()
        self._settings = settings
        self._pool = pool
        self._clock = DatabaseClock()
        self.feed = Feed(boot, settings.log_buffer)

        def heard(events: Sequence[Event]) -> None:
            self.feed.publish(order.admit(events))

        self.coordinators = Coordinators(settings.coordinators, f"edge-{boot}", heard, self._clock.now_us)
        self.herald = Herald(
            clock=self._clock, feed=self.feed, coordinators=self.coordinators, order=order, budget=Budget()
        )
        self.group_commit = GroupCommit(pool, self.herald)
        metrics = Metrics(self.feed)
        router = create_router(self._operations(metrics), Stream(self.feed), page.pages(page.built()))
        application = Application(router, Doorkeeper(settings.scheduler.host, settings.edge_names), metrics)
        self.server = HttpServer(application, listener, self.feed.close)
        self._clock_ticker = Ticker("clock", CLOCK_INTERVAL, self.read_clock)
        self._summary_ticker = Ticker("summary", SUMMARY_INTERVAL, self._tell_summaries)
        self._stack = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<Edge {self.server!r} {self.feed!r}>"

    async def start(self) -> None:
        """Raises CannotStart when the port was taken, StoreUnavailable when PostgreSQL went away."""
        await self.read_clock()
        parts = running(self.coordinators, self._clock_ticker, self._summary_ticker, self.group_commit, self.server)
        await self._stack.enter_async_context(parts)

    async def until(self, ended: Coroutine[Any, Any, None]) -> None:
        """Until `ended` returns, or raises what ended the server."""
        await self.server.until(ended)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def read_clock(self) -> None:
        """One turn of the loop that keeps our idea of the database clock."""
        async with connected(self._pool) as connection:
            self._clock.observe((await server_facts(connection)).now)

    async def _tell_summaries(self) -> None:
        await self.herald.tell_summary()
        await self.feed.tell_summary()

    def _operations(self, metrics: Metrics) -> list[Operation]:
        operations = [
            *Tasks(self._pool, self._clock, self.group_commit).operations(),
            *Steering(self._pool, self.herald).operations(),
            *Queues(self._pool, self.herald).operations(),
            *Workers(self._pool, self.coordinators).operations(),
            *Cluster(self._settings, self._pool, self._clock).operations(),
            *Logs(self.feed).operations(),
            *Probes(self._pool, self.coordinators, metrics).operations(),
        ]
        return documented(looked_at(operations) if self._settings.read_only else operations)
