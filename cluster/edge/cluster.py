"""The routes that tell of the cluster as a whole: this edge, what workers offer, PostgreSQL, the last day.

Every open dashboard asks for these again and again, so the answers are remembered for a moment: what they cost does not
grow with the number of those who look.
"""

from functools import partial
from http import HTTPStatus
from importlib.metadata import version

from cluster.edge import findings
from cluster.edge.answer import Answer, told
from cluster.edge.document import DISTRIBUTION
from cluster.edge.history import STEPS, history
from cluster.edge.operation import Operation
from cluster.edge.overview import (
    ClusterView,
    CommandView,
    DatabaseView,
    HistoryView,
    LimitsView,
    TransactionView,
)
from cluster.edge.payloads import Nothing, Window
from cluster.edge.remembered import Remembered
from cluster.edge.schema import command_view
from cluster.runtime.settings import Settings
from cluster.store.clock import DatabaseClock
from cluster.store.commands import offered
from cluster.store.health import DatabaseHealth, database_health
from cluster.store.pool import Pool, connected
from cluster.store.samples import read

FRESH = 1.0
"""Seconds for which an answer is shown to others, too."""
_OK = HTTPStatus.OK


class Cluster:
    """State: since when this edge is there, and the last answers."""

    def __init__(self, settings: Settings, pool: Pool, clock: DatabaseClock) -> None:
        self._settings = settings
        self._pool = pool
        self._clock = clock
        self._started_at = clock.now()
        self._remembered = Remembered(FRESH)

    def operations(self) -> list[Operation]:
        """Its routes."""
        return [
            Operation("GET", "/api/cluster", "This edge and its limits", self.cluster, {_OK: ClusterView}, store=False),
            Operation(
                "GET", "/api/commands", "What the workers offer", self.commands, {_OK: list[CommandView]},
                description="With the parameters of each command, from the signatures of the functions.",
            ),
            Operation("GET", "/api/database", "How PostgreSQL is doing", self.database, {_OK: DatabaseView}),
            Operation(
                "GET", "/api/history", "Rates and waiting times of the last minute, quarter of an hour or day",
                self.history, {_OK: HistoryView}, (Window,),
            ),
        ]  # fmt: skip

    async def cluster(self, _asked: Nothing) -> Answer:
        """Never remembered: it asks nobody."""
        settings = self._settings
        return told(
            ClusterView(
                version=version(DISTRIBUTION),
                read_only=settings.read_only,
                started_at=self._started_at,
                now=self._clock.now(),
                log_buffer=settings.log_buffer,
                history_days=settings.history_days,
                heartbeat_seconds=settings.heartbeat_interval,
                lost_seconds=settings.session_ttl,
                limits=LimitsView(),
            )
        )

    async def commands(self, _asked: Nothing) -> Answer:
        return await self._remembered.get("commands", self._commands)

    async def database(self, _asked: Nothing) -> Answer:
        return await self._remembered.get("database", self._database)

    async def history(self, asked: Window) -> Answer:
        return await self._remembered.get(f"history {asked.window}", partial(self._history, asked.window))

    async def _commands(self) -> Answer:
        async with connected(self._pool) as connection:
            return told([command_view(one) for one in await offered(connection)])

    async def _database(self) -> Answer:
        async with connected(self._pool) as connection:
            return told(_database_view(await database_health(connection)))

    async def _history(self, window: int) -> Answer:
        async with connected(self._pool) as connection:
            return told(history(window, await read(connection, STEPS[window], window // STEPS[window])))


def _database_view(health: DatabaseHealth) -> DatabaseView:
    oldest = None
    if health.oldest_seconds is not None:
        oldest = TransactionView(health.oldest_pid, health.oldest_application or "", health.oldest_state or "")
    return DatabaseView(
        version=findings.version(health),
        oldest_transaction_seconds=None if health.oldest_seconds is None else round(health.oldest_seconds, 1),
        oldest_transaction=oldest,
        live_tuples=health.live_tuples,
        dead_tuples=health.dead_tuples,
        connections=health.connections,
        connections_max=health.connections_max,
        size_bytes=health.size_bytes,
        findings=findings.findings(health),
    )
