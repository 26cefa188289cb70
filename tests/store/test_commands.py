"""What commands take is kept as long as a worker may know them, however close its coming is to the cleaning up."""

import asyncio

import pytest

from cluster.store import commands, sessions
from cluster.store.commands import Told
from cluster.store.leadership import elect
from cluster.store.pool import connected
from tests.fixtures.eventually import eventually
from tests.store.made import registration

TOLD = [Told("thumbnail", "Makes one.", 1500, 5, '{"type": "object"}')]
AGED = "UPDATE commands SET told_at = told_at - interval '2 hours'"


async def known(conn) -> list[str]:
    return [command for (command,) in await (await conn.execute("SELECT command FROM commands")).fetchall()]


@pytest.fixture
async def epoch(conn) -> int:
    return (await elect(conn, "c1", 60)).epoch


async def test_what_no_session_knows_any_more_is_forgotten(conn, epoch):
    await commands.tell(conn, [*TOLD, Told("gone", "", None, None, None)])
    await sessions.open_session(conn, registration(handlers=("thumbnail",)), 60)
    await conn.execute(AGED)
    await commands.forget(conn, epoch + 1)
    assert sorted(await known(conn)) == ["gone", "thumbnail"]
    await commands.forget(conn, epoch)
    assert await known(conn) == ["thumbnail"]


async def test_what_a_worker_tells_before_it_has_its_session_is_kept(conn, epoch):
    await commands.tell(conn, TOLD)
    await commands.forget(conn, epoch)
    assert await known(conn) == ["thumbnail"]


async def test_what_was_told_long_ago_and_is_told_again_is_kept(conn, epoch):
    await commands.tell(conn, TOLD)
    await conn.execute(AGED)
    await commands.tell(conn, TOLD)
    await commands.forget(conn, epoch)
    assert await known(conn) == ["thumbnail"]


async def test_what_is_told_again_while_it_is_being_forgotten_is_kept(conn, pool, epoch):
    await commands.tell(conn, TOLD)
    await conn.execute(AGED)
    async with connected(pool) as other, other.transaction():
        await commands.tell(other, TOLD)
        forgetting = asyncio.create_task(commands.forget(conn, epoch))
        await eventually(lambda: waits(other, conn.info.backend_pid))
    await forgetting
    assert await known(conn) == ["thumbnail"]


async def waits(other, pid: int) -> bool:
    """Whether the backend `pid` waits for a lock."""
    cursor = await other.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [pid])
    return await cursor.fetchone() == ("Lock",)
