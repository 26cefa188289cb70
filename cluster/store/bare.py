"""What PostgreSQL does alone: the statements of the hot path run in a loop on the server, nobody in between.

The figure that `taskmaster bench` divides by: same tables, same statements, same commits, one connection.
"""

import re
from dataclasses import dataclass

from psycopg.rows import scalar_row

from cluster.store.pool import Connection
from cluster.store.statements import statement

_PARAMETER = re.compile(rb"%\((\w+)\)b")

# In the order in which bare_drain.sql hands them over.
_PARAMETERS: dict[bytes, tuple[bytes, ...]] = {
    b"enqueue": (
        *(b"ids", b"commands", b"payloads", b"queues", b"priorities"),
        *(b"max_attempts", b"timeouts", b"unique_keys", b"due", b"delays"),
    ),
    b"claim": (b"slots", b"sessions", b"workers", b"others"),
    b"finish": (b"ids", b"tokens", b"started", b"finished", b"states", b"results", b"errors"),
}


@dataclass(frozen=True, slots=True)
class BareFigures:
    """Seconds that `tasks` tasks took: to be enqueued; to be claimed and finished."""

    tasks: int
    enqueue_seconds: float
    drain_seconds: float


async def run_bare(connection: Connection, tasks: int, batch: int) -> BareFigures:
    """Put `tasks` no-op tasks through their whole life in batches. Only for a database of its own."""
    await connection.execute(
        "SELECT set_config('bare.tasks', %s, false), set_config('bare.batch', %s, false)", (str(tasks), str(batch))
    )
    block = statement("bare_drain")
    for name, order in _PARAMETERS.items():
        block = block.replace(b"<" + name + b">", _numbered(statement(name.decode()), order))
    await connection.execute(block)
    seconds = [await _setting(connection, name) for name in ("bare.enqueue", "bare.drain")]
    return BareFigures(tasks, *seconds)


def _numbered(text: bytes, order: tuple[bytes, ...]) -> bytes:
    return _PARAMETER.sub(lambda match: b"$%d" % (order.index(match[1]) + 1), text)


async def _setting(connection: Connection, name: str) -> float:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute("SELECT current_setting(%s)", (name,))
        [value] = await cursor.fetchall()
        return float(value)
