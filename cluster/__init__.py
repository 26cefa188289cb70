"""TaskMaster: a distributed task scheduler that keeps every promise in PostgreSQL.

What task modules need is here; everything else is a role of its own (`cluster.edge`, `cluster.coordinator`,
`cluster.worker`, `cluster.supervisor`) or a client (`cluster.client`):

    from cluster import Backoff, Cancel, Context, Retry, task

    @task("thumbnail", timeout=30, max_attempts=5, backoff=Backoff(first=2))
    async def thumbnail(ctx: Context, path: str, size: int = 128) -> dict: ...

A task returns its result, or returns or raises `Retry` or `Cancel`; what else it raises is its failure.

Importing this imports neither gRPC nor a database driver.
"""

from cluster.core.retry import Backoff
from cluster.core.version import __version__
from cluster.worker.context import Context
from cluster.worker.registry import task
from cluster.worker.wishes import Cancel, Retry

__all__ = ["Backoff", "Cancel", "Context", "Retry", "__version__", "task"]
