"""The edge's composition root: `python -m cluster.edge`."""

import resource

from cluster.edge.edge import Edge
from cluster.edge.server import bound
from cluster.runtime import telemetry
from cluster.runtime.entry import program
from cluster.runtime.lifecycle import running
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown
from cluster.store.migrations import wait_for_schema
from cluster.store.pool import create_pool

PATIENCE = 8.0
"""Seconds that a statement may take: somebody waits for the answer."""
SCHEMA_WITHIN = 30.0
"""Seconds PostgreSQL and its schema may take to appear."""
OPEN_FILES = 16_384
"""Connections and files; many systems begin with 1,024, of which a thousand dashboards would leave none."""


async def main(settings: Settings) -> None:
    """Runs until the first signal. Raises CannotStart: the port is taken, PostgreSQL or its schema is not there."""
    shutdown = Shutdown()
    shutdown.install()
    room_for_connections()
    # First the port: who cannot have it need not wait for PostgreSQL.
    with bound(settings.scheduler) as listener:
        pool = create_pool(settings.database_url, role="edge", size=settings.db_pool_size, patience=PATIENCE)
        if not await shutdown.before(wait_for_schema(pool, SCHEMA_WITHIN)):
            return
        async with pool:
            edge = Edge(settings, pool, listener)
            async with running(edge):
                telemetry.emit("edge_ready", url=settings.url)
                await edge.until(shutdown.wait())


def room_for_connections() -> None:
    """As many open files as are wanted, or as many as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def run() -> int:
    return program("edge", main)


if __name__ == "__main__":
    raise SystemExit(run())
