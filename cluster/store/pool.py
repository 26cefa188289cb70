"""Connections: one pool per process and at most one `beside` it, every connection set up the same way.

`connected(pool)` gives a connection in autocommit: a statement is a transaction, acknowledged by its COMMIT.

What an outage does to a pool: connections that died are thrown away before anybody gets them, dialling goes on with
growing pauses for RECONNECT seconds, and after that whenever somebody wants a connection; nobody waits longer than WAIT
for one. So an outage of any length costs a process about one try a second, and is over two or three seconds after it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import AsyncConnectionPool

from cluster.store.dialling import parameters
from cluster.store.errors import translated
from cluster.store.line import Line, Outage

Connection = psycopg.AsyncConnection[tuple[object, ...]]
Pool = AsyncConnectionPool[Line]

PINNED = (
    "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c enable_sort=off "
    "-c plan_cache_mode=force_generic_plan"
)
"""Planner settings of those who claim and finish: index scans in index order are right for every size, and statistics
from the moment when the table was empty cannot talk the planner out of them."""

PATIENCE = 10.0
"""Seconds that a statement may take. Shorter than a session lives without being prolonged."""
WAIT = 5.0
"""Seconds that a connection is waited for."""
RECONNECT = 3.0
"""Seconds after which the pool forgets a lost connection. Its pauses grow without a cap, so with a longer one an outage
would outlast itself."""


def create_pool(url: str, *, role: str, size: int, pinned: bool = False, patience: float | None = PATIENCE) -> Pool:
    """A closed pool of at most `size` connections to `url`; open it with `await pool.open()`.

    `role` becomes application_name. `pinned` pins the plans of claim and finish (see PINNED). A statement that takes
    longer than `patience` seconds is unavailable; None is for those who know that theirs take long.
    Raises SettingsError when the URL cannot be read.
    """
    # Without bitmaps: a page of a list is to follow its index as far as the page goes, however little lies there
    # according to old statistics.
    planner = f"-c jit=off -c enable_bitmapscan=off {PINNED if pinned else ''}"
    options = f"-c synchronous_commit=on {planner} {_bounds(patience)}"
    settings = {
        "autocommit": True,
        "prepare_threshold": 1,
        "outage": Outage(),
        "patience": patience,
        **parameters(url, role, options=options),
    }
    return _pool(url, settings, role, size)


def beside(pool: Pool, *, lock_within: float) -> Pool:
    """A closed pool of one connection more, set up as those of `pool`, that waits for a lock at most `lock_within`
    seconds. That is a setting of the session: no statement pays for it."""
    url, settings = pool.conninfo, pool.kwargs
    assert isinstance(url, str), "create_pool knows it beforehand"
    assert isinstance(settings, dict), "create_pool knows them beforehand"
    options = f"{settings['options']} -c lock_timeout={int(lock_within * 1000)}"
    return _pool(url, {**settings, "options": options}, pool.name, 1)


def _pool(url: str, settings: dict[str, Any], role: str, size: int) -> Pool:
    return AsyncConnectionPool(
        url,
        connection_class=Line,
        kwargs=settings,
        min_size=1,
        max_size=size,
        open=False,
        timeout=WAIT,
        max_idle=300.0,
        reconnect_timeout=RECONNECT,
        name=role,
    )


@asynccontextmanager
async def connected(pool: Pool, within: float | None = None) -> AsyncIterator[Connection]:
    """A connection in autocommit, waited for at most `within` (WAIT) seconds.

    Raises StoreUnavailable or StoreRejected, never a driver error.
    """
    with translated():
        line = await _alive(pool, within)
        try:
            yield line
        except errors.ReadOnlySqlTransaction:
            # Its server is a standby by now, and would refuse whatever comes next on this connection.
            await line.close()
            raise
        finally:
            await pool.putconn(line)


async def _alive(pool: Pool, within: float | None) -> Line:
    while (line := await pool.getconn(within)).dead:
        # Given back closed, it is replaced by a new one.
        await line.close()
        await pool.putconn(line)
    return line


def _bounds(patience: float | None) -> str:
    """What the server ends by itself: sooner than we give up, for then the connection can be kept."""
    if patience is None:
        return ""
    milliseconds = int(patience * 800)
    return f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds}"
