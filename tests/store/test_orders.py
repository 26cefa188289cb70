"""Orders: carried out once by somebody, and none from yesterday."""

import asyncio

import pytest

from cluster.core.errors import StoreRejected
from cluster.store.errors import translated
from cluster.store.orders import Order, forget_settled, order_kill, order_scale, settle_order, take_orders
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import lead, scalar


async def fate(conn: Connection, order_id: int) -> tuple[object, ...]:
    found = await (await conn.execute("SELECT ok, detail FROM orders WHERE id = %s", (order_id,))).fetchone()
    assert found is not None
    return found


async def test_orders_are_taken_oldest_first(conn: Connection) -> None:
    kill, scale = await order_kill(conn, "worker-2"), await order_scale(conn, 7)
    assert await take_orders(conn, "s1") == [Order(kill, "kill", None, "worker-2"), Order(scale, "scale", 7, None)]


async def test_an_order_is_taken_again_by_the_same_supervisor_until_it_is_settled(conn: Connection) -> None:
    order_id = await order_scale(conn, 7)
    assert await take_orders(conn, "s1") == await take_orders(conn, "s1") != []
    await settle_order(conn, order_id, True, "7 workers")
    assert await take_orders(conn, "s1") == []
    assert await fate(conn, order_id) == (True, "7 workers")


async def test_another_supervisor_takes_an_order_over_after_30_seconds(conn: Connection) -> None:
    order_id = await order_scale(conn, 7)
    await take_orders(conn, "s1")
    assert await take_orders(conn, "s2") == []
    await conn.execute("UPDATE orders SET taken_at = taken_at - interval '31 seconds'")
    assert [order.id for order in await take_orders(conn, "s2")] == [order_id]
    assert await take_orders(conn, "s1") == []


async def test_only_the_newest_scale_order_counts(conn: Connection) -> None:
    first, second, kill, third = (
        await order_scale(conn, 3), await order_scale(conn, 9), await order_kill(conn, "w"), await order_scale(conn, 2),
    )  # fmt: skip
    assert [order.id for order in await take_orders(conn, "s1")] == [kill, third]
    assert await fate(conn, first) == await fate(conn, second) == (False, "superseded")


async def test_a_kill_order_is_good_for_a_minute(conn: Connection) -> None:
    order_id = await order_kill(conn, "w")
    await conn.execute("UPDATE orders SET created_at = created_at - interval '61 seconds'")
    assert await take_orders(conn, "s1") == []
    assert await fate(conn, order_id) == (False, "expired")


async def test_a_scale_order_waits_for_a_supervisor_however_long(conn: Connection) -> None:
    await order_scale(conn, 3)
    await conn.execute("UPDATE orders SET created_at = created_at - interval '1 day'")
    assert len(await take_orders(conn, "s1")) == 1


async def test_the_first_outcome_stays(conn: Connection) -> None:
    order_id = await order_kill(conn, "w")
    assert await settle_order(conn, order_id, False, "no such worker") == "kill"
    assert await settle_order(conn, order_id, True, "killed") is None
    assert await fate(conn, order_id) == (False, "no such worker")


async def test_two_supervisors_at_once_share_no_order(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        for n in range(20):
            await order_kill(one, f"w{n}")
        first, second = await asyncio.gather(take_orders(one, "s1"), take_orders(two, "s2"))
        assert len(first) + len(second) == 20
        assert not {order.id for order in first} & {order.id for order in second}


async def test_no_orders_cost_no_write(conn: Connection) -> None:
    async with conn.transaction():
        assert await take_orders(conn, "s1") == []
        assert await scalar(conn, "SELECT pg_current_xact_id_if_assigned() IS NULL")


@pytest.mark.parametrize("count", [0, 51, -1])
async def test_a_count_outside_the_limits_is_refused(conn: Connection, count: int) -> None:
    with pytest.raises(StoreRejected, match="orders_kind"), translated():
        await order_scale(conn, count)


async def test_settled_orders_are_forgotten_after_days_by_who_leads(conn: Connection) -> None:
    old, young, waiting = [await order_scale(conn, count) for count in (1, 2, 3)]
    for order_id in (old, young):
        await settle_order(conn, order_id, True, "done")
    await conn.execute("UPDATE orders SET done_at = now() - interval '3 days' WHERE id = %s", (old,))
    epoch = await lead(conn)
    assert await forget_settled(conn, epoch + 1, 2) == 0
    assert await forget_settled(conn, epoch, 4) == 0
    assert await forget_settled(conn, epoch, 2) == 1
    assert [row[0] for row in await (await conn.execute("SELECT id FROM orders ORDER BY id")).fetchall()] == [
        young,
        waiting,
    ]
