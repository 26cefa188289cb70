"""Leadership: one at a time, by the database clock alone."""

import asyncio

from cluster.store.leadership import Leadership, elect, resign
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import TTL


async def expire(conn: Connection) -> None:
    await conn.execute("UPDATE leader SET expires_at = now()")


async def test_the_first_to_ask_leads(conn: Connection) -> None:
    assert await elect(conn, "a", TTL) == Leadership(leading=True, epoch=1)
    assert await elect(conn, "b", TTL) == Leadership(leading=False, epoch=1)


async def test_the_leader_stays_leader_in_its_epoch(conn: Connection) -> None:
    for _ in range(3):
        assert await elect(conn, "a", TTL) == Leadership(leading=True, epoch=1)


async def test_another_leads_when_the_time_is_over_in_a_new_epoch(conn: Connection) -> None:
    await elect(conn, "a", TTL)
    await expire(conn)
    assert await elect(conn, "b", TTL) == Leadership(leading=True, epoch=2)
    assert await elect(conn, "a", TTL) == Leadership(leading=False, epoch=2)


async def test_a_leader_that_comes_back_in_time_keeps_its_epoch(conn: Connection) -> None:
    await elect(conn, "a", TTL)
    assert not (await elect(conn, "a", TTL)).late
    await expire(conn)
    back = await elect(conn, "a", TTL)
    assert (back, back.late) == (Leadership(leading=True, epoch=1), True)


async def test_who_resigns_can_be_followed_at_once(conn: Connection) -> None:
    await elect(conn, "a", TTL)
    await resign(conn, "a", 1)
    assert await elect(conn, "b", TTL) == Leadership(leading=True, epoch=2)


async def test_only_the_leader_of_the_epoch_can_resign(conn: Connection) -> None:
    await elect(conn, "a", TTL)
    await resign(conn, "a", 0)
    await resign(conn, "b", 1)
    assert await elect(conn, "b", TTL) == Leadership(leading=False, epoch=1)


async def test_of_many_who_ask_at_once_one_leads(pool: Pool) -> None:
    async def candidate(holder: str) -> Leadership:
        async with connected(pool) as conn:
            return await elect(conn, holder, TTL)

    for _ in range(5):
        answers = await asyncio.gather(*(candidate(holder) for holder in "abcde"))
        assert sum(answer.leading for answer in answers) == 1
        async with connected(pool) as conn:
            await expire(conn)
