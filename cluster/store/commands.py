"""Commands: what the workers offer, and what each of them takes, as they said when they registered."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import args_row

from cluster.store import arrays
from cluster.store.pool import Connection
from cluster.store.statements import statement


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker says of a command. `timeout_ms`, `max_attempts`: None = the default of the cluster. `parameters`: a
    JSON Schema of the payload, None = it did not say.
    """

    command: str
    description: str
    timeout_ms: int | None
    max_attempts: int | None
    parameters: str | None


@dataclass(frozen=True, slots=True)
class Offered:
    """A command that `workers` live workers know which are not draining. `parameters`: JSON in UTF-8."""

    command: str
    workers: int
    description: str
    timeout_ms: int | None
    max_attempts: int | None
    parameters: bytes | None


async def tell(connection: Connection, told: Sequence[Told]) -> None:
    """Keep what these commands take; the last to say so counts."""
    if not told:
        return
    # A command twice in one statement would be changed twice, which PostgreSQL refuses.
    told = list({one.command: one for one in told}.values())
    ordered = sorted(told, key=lambda one: one.command)
    parameters = {
        "commands": arrays.texts([one.command for one in ordered]),
        "descriptions": arrays.texts([one.description for one in ordered]),
        "timeouts": [one.timeout_ms for one in ordered],
        "max_attempts": arrays.smallints([one.max_attempts for one in ordered]),
        "parameters": arrays.texts([one.parameters for one in ordered]),
    }
    await connection.execute(statement("commands_tell"), parameters)


async def offered(connection: Connection) -> list[Offered]:
    """What live workers offer, by name."""
    async with connection.cursor(binary=True, row_factory=args_row(Offered)) as cursor:
        await cursor.execute(statement("commands_offered"))
        return await cursor.fetchall()


async def forget(connection: Connection, epoch: int) -> None:
    """Delete what no session that is kept knows. Nothing if `epoch` leads no more."""
    await connection.execute(statement("commands_forget"), {"epoch": epoch})
