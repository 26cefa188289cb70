"""A day of figures: the leader notes the totals every other second, if they have changed, and what tasks waited.

So what happened during a window costs as many rows to know as the window has steps, whatever the tasks are.
"""

from dataclasses import dataclass

from psycopg.rows import args_row, scalar_row

from cluster.store.pool import Connection
from cluster.store.statements import statement

PERIOD = 2.0
"""Seconds from one sample to the next."""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """The totals at `at` (seconds since the epoch), None before the first sample. `wait_…`: milliseconds from due to
    begun, None = nothing began.
    """

    at: float
    pending: int | None
    running: int | None
    completed: int | None
    failed: int | None
    cancelled: int | None
    wait_p50: float | None
    wait_p95: float | None


RUNNING = 1_000
"""Tasks that run, as many as are asked how long they waited."""


async def take(connection: Connection, epoch: int, *, running: bool = True) -> float:
    """Note this moment, if `epoch` leads; the seconds until the next is due. `running`: ask also tasks that run."""
    parameters = {"epoch": epoch, "period": PERIOD, "running": RUNNING if running else 0}
    async with connection.cursor(binary=True, row_factory=scalar_row) as cursor:
        await cursor.execute(statement("sample_take"), parameters)
        [following] = await cursor.fetchall()
        return float(following)


async def read(connection: Connection, step: float, points: int) -> list[SampleRow]:
    """`points` + 1 moments, `step` seconds apart, oldest first: between each and the next lies a point."""
    async with connection.cursor(binary=True, row_factory=args_row(SampleRow)) as cursor:
        await cursor.execute(statement("sample_read"), {"step": float(step), "points": points})
        return await cursor.fetchall()


async def forget(connection: Connection, epoch: int) -> None:
    """Delete what is older than a day. Nothing if `epoch` leads no more."""
    await connection.execute(statement("sample_forget"), {"epoch": epoch})
