"""The store for rules that are not coroutines, and what its tables say in the words of the model."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from cluster.core.task import FINAL, State
from cluster.store import arrays, counters
from cluster.store.pool import PINNED, Connection
from tests.store.life_nouns import Ended, Facts, Sums

T = TypeVar("T")

_ROWS = """
    SELECT false AS finished, id, state, attempt, crash_count, lease_token, session_id, error, progress, command,
           priority, unique_key, attempts
    FROM tasks
    UNION ALL
    SELECT true, id, state, attempt, crash_count, lease_token, session_id, error, NULL, command, priority, unique_key,
           attempts
    FROM task_history
"""
_EMPTY = "DELETE FROM {}"
_TABLES = ("paused_queues", "tasks", "task_history", "counters", "sessions", "orders", "leader")


class Database:
    """Calls take turns between two connections, as those of two coordinators would."""

    def __init__(self, runner: asyncio.Runner, connections: Iterable[Connection]) -> None:
        self._runner = runner
        self._turns = cycle(connections)

    def __call__(self, function: Callable[..., Awaitable[T]], *arguments: Any, **options: Any) -> T:
        async def call() -> T:
            return await function(next(self._turns), *arguments, **options)

        return self._runner.run(call())

    def execute(self, query: str, **parameters: object) -> None:
        async def run(connection: Connection) -> None:
            await connection.execute(query, parameters)  # type: ignore[arg-type]

        self(run)

    def empty(self) -> None:
        for table in _TABLES:
            self.execute(_EMPTY.format(table))

    def facts(self) -> dict[UUID, Facts]:
        """Every task in either table; none may be in both."""
        rows = self(_rows)
        twice = [task_id for task_id, times in Counter(row.id for row in rows).items() if times > 1]
        assert not twice, f"in two places: {twice}"
        assert all(row.finished == (State(row.state) in FINAL) for row in rows), (
            "a final state is in task_history alone"
        )
        return {row.id: _facts(row) for row in rows}

    def sums(self) -> Sums:
        totals = self(counters.totals)
        return Sums(*(getattr(totals, name) for name in Sums._fields))


@contextmanager
def opened(url: str) -> Iterator[Database]:
    with asyncio.Runner() as runner:
        connections = [runner.run(_connect(url)) for _ in range(2)]
        try:
            yield Database(runner, connections)
        finally:
            for connection in connections:
                runner.run(connection.close())


async def _connect(url: str) -> Connection:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=1, options=PINNED)
    arrays.register(connection)
    return connection


async def _rows(connection: Connection) -> list[Any]:
    async with connection.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(_ROWS)
        return await cursor.fetchall()


def _facts(row: Any) -> Facts:
    state = State(row.state)
    # The rest of that sentence is for people.
    error = row.error.partition(":")[0] if state is State.QUARANTINED else row.error
    trail = tuple(Ended(entry["outcome"], entry["attempt"], entry["token"]) for entry in row.attempts or ())
    return Facts(
        row.finished,
        state,
        row.attempt,
        row.crash_count,
        row.lease_token,
        row.session_id,
        error,
        row.progress,
        row.command,
        row.priority,
        row.unique_key,
        trail,
    )
