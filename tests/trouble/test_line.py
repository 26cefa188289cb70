"""One connection, one pool: what is dead is not handed out, what hangs is given up, what takes no writes is dropped."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from cluster.core.errors import StoreUnavailable
from cluster.runtime import telemetry
from cluster.store.pool import Connection, Pool, connected, create_pool
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import CuttableLine

PATIENCE = 0.5


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[CuttableLine]:
    async with CuttableLine(database_url) as line:
        yield line


@pytest.fixture
async def hasty(line: CuttableLine) -> AsyncIterator[Pool]:
    """A pool that waits half a second for an answer."""
    async with create_pool(line.url, role="hasty", size=2, patience=PATIENCE) as pool:
        yield pool


async def pid(connection: Connection) -> int:
    cursor = await connection.execute("SELECT pg_backend_pid()")
    [(number,)] = await cursor.fetchall()
    return int(str(number))


async def test_a_connection_that_died_unused_is_never_handed_out(pool: Pool, database_url: str) -> None:
    async with connected(pool) as a, connected(pool) as b, connected(pool) as c:
        idle = [await pid(each) for each in (a, b, c)]
    with psycopg.connect(database_url, autocommit=True) as admin:
        for number in idle:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))

    for _ in range(4):
        async with connected(pool) as connection:
            assert await pid(connection) not in idle


async def test_a_server_that_takes_no_writes_any_more_is_left(pool: Pool) -> None:
    demoted = 0
    with pytest.raises(StoreUnavailable, match="read-only"):
        async with connected(pool) as connection:
            demoted = await pid(connection)
            await connection.execute("SET default_transaction_read_only = on")
            await connection.execute("CREATE TABLE refused ()")

    async with connected(pool) as one, connected(pool) as two:
        assert demoted not in {await pid(one), await pid(two)}


async def test_a_statement_on_a_line_that_swallows_everything_is_given_up(hasty: Pool, line: CuttableLine) -> None:
    async with connected(hasty) as connection:
        await pid(connection)
    line.silence()

    with pytest.raises(StoreUnavailable, match=r"no answer within 0\.5 s"):
        async with connected(hasty) as connection:
            await pid(connection)

    line.mend()
    async with connected(hasty) as connection:
        await pid(connection)


async def test_the_server_is_told_when_nobody_waits_any_more(hasty: Pool, conn: Connection) -> None:
    await conn.execute("SELECT pg_advisory_lock(1)")
    with pytest.raises(StoreUnavailable):
        async with connected(hasty) as connection:
            # As a commit that waits for its standby: no timeout of the server's own ends it.
            await connection.execute("SET statement_timeout = 0")
            await connection.execute("SELECT pg_advisory_lock(1)")

    async def nobody_waits() -> bool:
        cursor = await conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
        return await cursor.fetchall() == [(0,)]

    await eventually(nobody_waits)


async def test_who_stops_does_not_wait_for_an_answer_that_does_not_come(hasty: Pool, line: CuttableLine) -> None:
    async def ask() -> None:
        async with connected(hasty) as connection:
            await pid(connection)
            line.silence()
            connection.patience = None
            asked.set()
            await pid(connection)

    asked = asyncio.Event()
    asking = asyncio.create_task(ask())
    await asked.wait()
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 20)
    # So that the pool need not wait for the connection that was to replace it.
    line.cut()


async def test_an_outage_is_told_once_and_so_is_its_end(line: CuttableLine, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(telemetry, "emit", lambda event, **_: told.append(event))
    async with create_pool(line.url, role="test", size=5) as pool:
        async with connected(pool) as a, connected(pool) as b, connected(pool) as c:
            for connection in (a, b, c):
                await pid(connection)
        before = telemetry.counts().get("postgresql_unreachable", 0)
        line.cut()
        with pytest.raises(StoreUnavailable):
            async with asyncio.timeout(20):
                while True:
                    async with connected(pool) as connection:
                        await pid(connection)
        await eventually(lambda: telemetry.counts()["postgresql_unreachable"] >= before + 2)
        line.mend()
        async with connected(pool) as connection:
            await pid(connection)

    assert told == ["postgresql_unreachable", "postgresql_reached"]


async def test_a_pool_without_patience_waits_as_long_as_it_takes(database_url: str) -> None:
    async with create_pool(database_url, role="test", size=1, patience=None) as pool, connected(pool) as connection:
        cursor = await connection.execute("SHOW statement_timeout")
        assert await cursor.fetchall() == [("0",)]


async def test_a_client_that_vanished_in_a_transaction_does_not_hold_its_locks(pool: Pool) -> None:
    async with connected(pool) as connection:
        cursor = await connection.execute("SHOW idle_in_transaction_session_timeout")
        assert await cursor.fetchall() == [("8s",)]
