"""Who leads: one row, one holder, until when. Only the database clock counts, so clocks of machines may differ.

`epoch` rises whenever the holder changes. What a leader does names its epoch and does nothing once another one leads.
"""

from dataclasses import dataclass, field

from psycopg.rows import args_row

from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Leadership:
    """`epoch`: of whoever leads. `late`: the time of whoever led before was over, by the database clock."""

    leading: bool
    epoch: int
    late: bool = field(default=False, compare=False)


async def elect(connection: Connection, holder: str, ttl: float) -> Leadership:
    """Lead for the next `ttl` seconds, if nobody else does; the leader calls it again in time to stay."""
    async with connection.cursor(binary=True, row_factory=args_row(Leadership)) as cursor:
        await cursor.execute(statement("leader_elect"), {"holder": holder, "ttl": ttl})
        row = await cursor.fetchone()
    # No row: two called at once when there was no leader yet, and the other one made the row after our snapshot.
    return row or Leadership(leading=False, epoch=0)


async def resign(connection: Connection, holder: str, epoch: int) -> None:
    """Let another lead at once. Nothing if `holder` does not lead in `epoch`."""
    await connection.execute(statement("leader_resign"), {"holder": holder, "epoch": epoch})
