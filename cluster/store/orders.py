"""Orders: what people told the supervisor to do, on their way to it and back."""

from dataclasses import dataclass

from psycopg.rows import args_row, scalar_row

from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Order:
    """`kind`: scale (to `worker_count`), kill or drain (`worker_name`)."""

    id: int
    kind: str
    worker_count: int | None
    worker_name: str | None


async def order_scale(connection: Connection, count: int) -> int:
    """Ask for `count` workers; the order's id."""
    return await _order(connection, "scale", count, None)


async def order_kill(connection: Connection, name: str) -> int:
    """Ask for the end of a worker; the order's id."""
    return await _order(connection, "kill", None, name)


async def order_drain(connection: Connection, name: str) -> int:
    """Ask a worker to take no more, finish what runs, and end; the order's id."""
    return await _order(connection, "drain", None, name)


async def take_orders(connection: Connection, supervisor_id: str) -> list[Order]:
    """The open orders, oldest first, for this supervisor: again and again until they are settled.

    Another supervisor's come after 30 s without an outcome. Of scale orders only the newest counts, kills and drains
    are good for 60 s: the others are closed here.
    """
    async with connection.cursor(binary=True, row_factory=args_row(Order)) as cursor:
        await cursor.execute(statement("order_take"), {"supervisor": supervisor_id})
        return await cursor.fetchall()


async def settle_order(connection: Connection, order_id: int, ok: bool, detail: str) -> str | None:
    """Record what became of an order; the first record stays. The order's kind, None if it was settled before."""
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("order_settle"), {"id": order_id, "ok": ok, "detail": detail})
        return next(iter(await cursor.fetchall()), None)


async def forget_settled(connection: Connection, epoch: int, days: int) -> int:
    """Delete orders that were settled more than `days` days ago; how many. None if `epoch` leads no more."""
    cursor = await connection.execute(statement("order_forget"), {"epoch": epoch, "days": days})
    return cursor.rowcount


async def _order(connection: Connection, kind: str, count: int | None, name: str | None) -> int:
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("order_add"), {"kind": kind, "count": count, "name": name})
        (order_id,) = await cursor.fetchall()
    return int(order_id)
