"""Partitions of task_history, one per UTC day: made ahead, dropped when they are old."""

from psycopg.rows import scalar_row

from cluster.store.errors import translated
from cluster.store.pool import Connection
from cluster.store.statements import statement

DAYS_AHEAD = 3
"""How many days beyond today have their partition made; the default partition takes what has none."""


async def ensure_partitions(connection: Connection, epoch: int | None, days_ahead: int) -> None:
    """Make the partitions of today and the next days, and of days whose rows are in the default partition.

    Nothing if `epoch` leads no more; None: the migration, which asks nobody and waits. Raises RowsLocked.
    """
    with translated():
        await connection.execute(statement("history_ensure_partitions"), {"epoch": epoch, "days_ahead": days_ahead})


async def prune(connection: Connection, epoch: int, days: int) -> list[str]:
    """Drop the partitions that ended more than `days` days ago; their names. Nothing if `epoch` leads no more.

    Raises RowsLocked.
    """
    with translated():
        async with connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(statement("history_prune"), {"epoch": epoch, "days": days})
            return await cursor.fetchall()
