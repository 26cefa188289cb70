"""TaskMaster: a distributed task scheduler that keeps every promise in PostgreSQL.

What task modules need is here; everything else is a role of its own (`cluster.edge`, `cluster.coordinator`,
`cluster.worker`, `cluster.supervisor`) or a client (`cluster.client`):

    from cluster import Context, task

    @task("thumbnail", timeout=30, max_attempts=5)
    async def thumbnail(ctx: Context, path: str, size: int = 128) -> dict: ...

Importing this imports neither gRPC nor a database driver.
"""

from cluster.core.version import __version__
from cluster.worker.context import Context
from cluster.worker.registry import task

__all__ = ["Context", "__version__", "task"]
