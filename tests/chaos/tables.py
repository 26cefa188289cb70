"""The final rows of a run: what PostgreSQL says became of every task, as a value that can be kept in a file."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import dict_row

from cluster.core.task import FINAL, State


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `attempts`: how an earlier attempt ended. `attempt`: null for what came too late to have one."""

    at: datetime
    outcome: str
    attempt: int | None = None
    worker_id: str | None = None
    token: int | None = None
    error: str | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `tasks` (`finished_at` null) or `task_history`. Times by the database clock."""

    id: UUID
    state: State
    command: str
    scheduled_at: datetime
    created_at: datetime
    picked_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    session_id: int | None = None
    lease_token: int | None = None
    attempt: int = 0
    max_attempts: int | None = None
    crash_count: int = 0
    queue: str = "default"
    worker_id: str | None = None
    unique_key: str | None = None
    error: str | None = None
    result: Any = None
    attempts: tuple[Trail, ...] | None = None

    @property
    def trail(self) -> tuple[Trail, ...]:
        """How earlier attempts ended, oldest first."""
        return self.attempts or ()

    @property
    def final(self) -> bool:
        return self.state in FINAL


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `sessions`: one life of one worker. `crashed`: it ended without being told to."""

    id: int
    worker_id: str
    name: str
    started_at: datetime
    ended_at: datetime | None = None
    crashed: bool = False
    end_reason: str | None = None


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a checker may ask of PostgreSQL. `unfinished`: rows of tasks; `finished`: rows of task_history;
    `counters`: the sums of the table of that name, by column. `taken_at` and `taken_t` are one moment by the database
    clock and by the history's clock, so that the one can be told in terms of the other."""

    taken_at: datetime
    taken_t: int
    unfinished: tuple[Row, ...] = ()
    finished: tuple[Row, ...] = ()
    counters: dict[str, int] = {}
    sessions: tuple[Session, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Both tables."""
        return self.unfinished + self.finished

    def t_of(self, moment: datetime) -> int:
        """A time of the database clock as a `t` of the history; both run on one machine."""
        return self.taken_t - round((self.taken_at - moment).total_seconds() * 1e9)

    @classmethod
    def load(cls, path: Path) -> Self:
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def dump(self, path: Path) -> None:
        path.write_bytes(msgspec.json.encode(self))


def snapshot(database_url: str) -> Tables:
    """The tables as they are now, all from one snapshot."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        taken_at, taken_t = _now(connection)
        return msgspec.convert(
            {
                "taken_at": taken_at,
                "taken_t": taken_t,
                "unfinished": connection.execute("SELECT * FROM tasks ORDER BY id").fetchall(),
                "finished": connection.execute("SELECT * FROM task_history ORDER BY finished_at, id").fetchall(),
                "counters": _sums(connection),
                "sessions": connection.execute("SELECT * FROM sessions ORDER BY id").fetchall(),
            },
            Tables,
        )


def _now(connection: psycopg.Connection[dict[str, Any]]) -> tuple[datetime, int]:
    connection.execute("SELECT 1")  # the transaction begins here, and not between the two clocks
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    return row["now"], time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def _sums(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, int]:
    row = connection.execute("SELECT to_jsonb(c) - 'at' AS sums FROM counters AS c LIMIT 1").fetchone()
    sums = dict.fromkeys(row["sums"], 0) if row else {}
    for row in connection.execute("SELECT to_jsonb(c) - 'at' AS sums FROM counters AS c"):
        for name, value in row["sums"].items():
            sums[name] += value
    return sums
