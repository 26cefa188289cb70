"""Totals without count(*): every statement that changes them appends a delta, the leader folds the deltas."""

from dataclasses import dataclass

from psycopg.rows import args_row

from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Totals:
    """`pending`: scheduled, ready, isolated, leased or parked; `running`: started; the others since the beginning.

    `retried`: attempts that were followed by another, also by hand. `rescued`: leases of lost workers brought back.
    `stale`: outcomes that were refused. `quarantined`: tasks that crashed their workers too often; failed, too.
    `throughput`: tasks finished per second, over the last ten whole seconds.
    """

    pending: int
    running: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    rescued: int
    stale: int
    quarantined: int
    throughput: float


async def totals(connection: Connection) -> Totals:
    """What the deltas add up to in one snapshot."""
    async with connection.cursor(binary=True, row_factory=args_row(Totals)) as cursor:
        await cursor.execute(statement("counters_totals"))
        row = await cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return row


async def fold(connection: Connection, epoch: int) -> None:
    """Add up the deltas: one row per second of the last minute, one for all before. If `epoch` leads."""
    await connection.execute(statement("counters_fold"), {"epoch": epoch})
