"""The routes that machines ask: alive, ready, metrics."""

import asyncio
from http import HTTPStatus

from cluster.core.errors import TaskMasterError
from cluster.edge import metrics
from cluster.edge.answer import Answer, told
from cluster.edge.coordinators import Coordinators
from cluster.edge.metrics import Metrics
from cluster.edge.operation import Operation
from cluster.edge.payloads import Nothing
from cluster.edge.problems import RETRY_AFTER, Refused
from cluster.edge.views import HealthView
from cluster.store.counters import Totals, totals
from cluster.store.pool import Pool, connected

ANSWER_WITHIN = 2.0
"""Seconds PostgreSQL may take before the edge counts as not ready."""
_OK = HTTPStatus.OK


class Probes:
    """State: none."""

    def __init__(self, pool: Pool, coordinators: Coordinators, metrics_: Metrics) -> None:
        self._pool = pool
        self._coordinators = coordinators
        self._metrics = metrics_

    def operations(self) -> list[Operation]:
        """Its routes."""
        return [
            Operation("GET", "/healthz", "Alive", self.alive, {_OK: HealthView}, store=False),
            Operation(
                "GET", "/readyz", "PostgreSQL and a coordinator answer", self.ready, {_OK: HealthView},
                description="503 names what does not answer. Tasks are taken without a coordinator, too.",
            ),
            Operation(
                "GET", "/metrics", "Prometheus metrics", self.metrics, {_OK: metrics.MEDIA_TYPE}, store=False
            ),
        ]  # fmt: skip

    async def alive(self, _asked: Nothing) -> Answer:
        return told(HealthView())

    async def ready(self, _asked: Nothing) -> Answer:
        counted, coordinator = await asyncio.gather(self._totals(), self._coordinators.answering())
        silent = ["PostgreSQL does not answer"] * (counted is None) + ["no coordinator answers"] * (not coordinator)
        if silent:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, " and ".join(silent), dict([RETRY_AFTER]))
        return told(HealthView())

    async def metrics(self, _asked: Nothing) -> Answer:
        return Answer(_OK, self._metrics.page(await self._totals()), metrics.MEDIA_TYPE)

    async def _totals(self) -> Totals | None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN), connected(self._pool) as connection:
                return await totals(connection)
        except (TimeoutError, TaskMasterError):
            return None
