"""Promoting what is due: scheduled → ready, by the database clock."""

from dataclasses import dataclass

from psycopg.rows import args_row

from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Promotion:
    """`next_due`: seconds from now until the next scheduled task is due, 0 if more are due already, None if none is."""

    promoted: int
    next_due: float | None


async def promote(connection: Connection, epoch: int, limit: int) -> Promotion:
    """Make at most `limit` due tasks ready, earliest first. Nothing if `epoch` leads no more."""
    async with connection.cursor(binary=True, row_factory=args_row(Promotion)) as cursor:
        await cursor.execute(statement("due_promote"), {"epoch": epoch, "most": limit})
        row = await cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return row
