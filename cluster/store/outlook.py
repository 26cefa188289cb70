"""What an unfinished task waits for: the facts from which somebody can say why it is not running."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import args_row

from cluster.store.pool import Connection
from cluster.store.statements import statement
from cluster.store.tasks import TaskRow

LOOKS = 10_000
"""Tasks before it that are counted at most, for each of: a higher priority, the same one."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """`now`: by the database clock. `led`: a coordinator leads, which makes tasks ready. `paused_at`: since when its
    queue is paused. `workers`: live ones that take tasks, `offering` of which know its command; these have `slots`,
    `busy` of them filled. `ahead`: ready tasks whose turn is before its own, all commands together; from LOOKS on there
    may be more.
    """

    now: datetime
    led: bool
    paused_at: datetime | None
    workers: int
    offering: int
    slots: int
    busy: int
    ahead: int


async def outlook(connection: Connection, task: TaskRow) -> Outlook:
    """Where this task stands, in one snapshot and at a bounded cost."""
    parameters = {
        "queue": task.queue,
        "command": task.command,
        "priority": task.priority,
        "scheduled_at": task.scheduled_at,
        "id": task.id,
        "looks": LOOKS,
    }
    async with connection.cursor(binary=True, row_factory=args_row(Outlook)) as cursor:
        # Planned with its values, as lists are.
        await cursor.execute(statement("task_outlook"), parameters, prepare=False)
        [row] = await cursor.fetchall()
        return row
