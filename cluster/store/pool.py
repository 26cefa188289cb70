"""Connections: one pool per process, every connection set up the same way.

`connected(pool)` gives a connection in autocommit: a statement is a transaction, acknowledged by its COMMIT.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg_pool import AsyncConnectionPool

from cluster.store.errors import translated

Connection = psycopg.AsyncConnection[tuple[object, ...]]
Pool = AsyncConnectionPool[Connection]

PINNED = (
    "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off "
    "-c plan_cache_mode=force_generic_plan"
)
"""Planner settings of those who claim and finish: index scans in index order are right for every size, and statistics
from the moment when the table was empty cannot talk the planner out of them."""


_LINE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A line that swallows everything is noticed after 20 to 25 s; by itself TCP would wait for a quarter of an hour."""


def create_pool(url: str, *, role: str, size: int, pinned: bool = False) -> Pool:
    """A closed pool of at most `size` connections to `url`; open it with `await pool.open()`.

    `role` becomes application_name. `pinned` pins the plans of claim and finish (see PINNED).
    """
    return AsyncConnectionPool(
        url,
        kwargs={
            "autocommit": True,
            "application_name": f"taskmaster {role}",
            "connect_timeout": 5,
            **_LINE,
            "prepare_threshold": 1,
            "options": f"-c timezone=UTC -c synchronous_commit=on -c jit=off {PINNED if pinned else ''}",
        },
        min_size=1,
        max_size=size,
        open=False,
        timeout=5.0,
        max_idle=300.0,
        reconnect_timeout=30.0,
        name=role,
    )


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """A connection in autocommit. Raises StoreUnavailable or StoreRejected, never a driver error."""
    with translated():
        async with pool.connection() as connection:
            yield connection
