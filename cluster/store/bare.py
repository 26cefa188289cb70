"""What PostgreSQL does alone: the statements of the hot path run in a loop on the server, nobody in between.

The figure that `taskmaster bench` divides by: same tables, same statements, a COMMIT after each, one connection.
"""

import re
from dataclasses import dataclass

from psycopg.rows import scalar_row

from cluster.store.pool import Connection
from cluster.store.statements import statement

_PARAMETER = re.compile(rb"%\((\w+)\)b")
_STATEMENTS = ("enqueue", "claim", "finish")


@dataclass(frozen=True, slots=True)
class BareFigures:
    """Seconds that `tasks` tasks took in batches of `batch`: to be enqueued, to be claimed, to be finished."""

    tasks: int
    batch: int
    enqueue_seconds: float
    claim_seconds: float
    finish_seconds: float

    @property
    def enqueue_rate(self) -> float:
        """Tasks enqueued per second."""
        return self.tasks / self.enqueue_seconds

    @property
    def drain_seconds(self) -> float:
        return self.claim_seconds + self.finish_seconds

    @property
    def drain_rate(self) -> float:
        """Tasks claimed and finished per second."""
        return self.tasks / self.drain_seconds


async def run_bare(connection: Connection, tasks: int, batch: int) -> BareFigures:
    """Put `tasks` no-op tasks through their whole life in batches. Only for a database of the caller's own.

    Where tasks wait already, as many of the first in line are claimed and finished in their stead.
    """
    await connection.execute(
        "SELECT set_config('bare.tasks', %s, false), set_config('bare.batch', %s, false)", (str(tasks), str(batch))
    )
    block = statement("bare_drain")
    for name in _STATEMENTS:
        block = block.replace(b"<%s>" % name.encode(), _PARAMETER.sub(rb"bare.\1", statement(name)))
    # Without parameters psycopg leaves %% as it is.
    await connection.execute(block.replace(b"%%", b"%"))
    seconds = [await _setting(connection, f"bare.{name}") for name in _STATEMENTS]
    return BareFigures(tasks, batch, *seconds)


async def _setting(connection: Connection, name: str) -> float:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute("SELECT current_setting(%s)", (name,))
        [value] = await cursor.fetchall()
        return float(value)
