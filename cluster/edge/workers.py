"""The routes of workers: who is there, how many there shall be, and the end of one.

Scale, kill and drain are orders: a row in PostgreSQL, which a coordinator hands to the supervisor. So 202, not 200.
"""

from http import HTTPStatus

from cluster.core.errors import NotFound
from cluster.edge.answer import Answer, told
from cluster.edge.coordinators import Coordinators
from cluster.edge.operation import Operation
from cluster.edge.payloads import Drain, Kill, Nothing, Scale
from cluster.edge.remembered import Remembered
from cluster.edge.roster import DrainView, KillView, ScaleView, StatsView, WorkerView
from cluster.store.counters import totals
from cluster.store.orders import order_drain, order_kill, order_scale
from cluster.store.pool import Connection, Pool, connected
from cluster.store.sessions import live_sessions

_OK, _ACCEPTED = HTTPStatus.OK, HTTPStatus.ACCEPTED
_NOT_FOUND = frozenset({HTTPStatus.NOT_FOUND})


class Workers:
    """State: the last answers to what every open dashboard asks for."""

    def __init__(self, pool: Pool, coordinators: Coordinators) -> None:
        self._pool = pool
        self._coordinators = coordinators
        self._remembered = Remembered()

    def operations(self) -> list[Operation]:
        """Its routes."""
        return [
            Operation("GET", "/api/stats", "The numbers of the cluster", self.stats, {_OK: StatsView}),
            Operation("GET", "/api/workers", "Who is there", self.list, {_OK: list[WorkerView]}),
            Operation(
                "POST", "/api/workers/scale", "Run this many workers", self.scale, {_ACCEPTED: ScaleView}, (Scale,)
            ),
            Operation(
                "POST", "/api/workers/kill", "Kill a worker at once; its tasks are rescued", self.kill,
                {_ACCEPTED: KillView}, (Kill,), refusals=_NOT_FOUND,
            ),
            Operation(
                "POST", "/api/workers/drain", "Let a worker finish what runs, and end", self.drain,
                {_ACCEPTED: DrainView}, (Drain,), refusals=_NOT_FOUND,
                description="It takes no more; what it has not begun goes to others. Another worker takes its place.",
            ),
        ]  # fmt: skip

    async def stats(self, _asked: Nothing) -> Answer:
        return await self._remembered.get("stats", self._stats)

    async def list(self, _asked: Nothing) -> Answer:
        return await self._remembered.get("workers", self._workers)

    async def scale(self, asked: Scale) -> Answer:
        async with connected(self._pool) as connection:
            order_id = await order_scale(connection, asked.count)
        self._coordinators.orders_written()
        return told(ScaleView(order_id, asked.count), _ACCEPTED)

    async def kill(self, asked: Kill) -> Answer:
        async with connected(self._pool) as connection:
            name = await _alive(connection, asked.name)
            order_id = await order_kill(connection, name)
        self._coordinators.orders_written()
        return told(KillView(order_id, name), _ACCEPTED)

    async def drain(self, asked: Drain) -> Answer:
        async with connected(self._pool) as connection:
            name = await _alive(connection, asked.name)
            order_id = await order_drain(connection, name)
        self._coordinators.orders_written()
        return told(DrainView(order_id, name), _ACCEPTED)

    async def _stats(self) -> Answer:
        async with connected(self._pool) as connection:
            counted = await totals(connection)
            return told(StatsView.of(counted, await _views(connection)))

    async def _workers(self) -> Answer:
        async with connected(self._pool) as connection:
            return told(await _views(connection))


async def _alive(connection: Connection, worker: str) -> str:
    """The name of the live worker that is called so or has this id. Raises NotFound."""
    alive = await live_sessions(connection)
    name = next((row.name for row in alive if worker in {row.name, row.worker_id}), None)
    if name is None:
        names = ", ".join(row.name for row in alive) or "none"
        raise NotFound(f"no worker of that name is alive; alive are: {names}")
    return name


async def _views(connection: Connection) -> list[WorkerView]:
    return [WorkerView.of(row) for row in await live_sessions(connection)]
