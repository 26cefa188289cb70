"""Switches that break one rule each, so that the checkers can be seen to find it.

They exist in this harness alone: the launcher of a process calls `install(name)` when its role is imported and has not
begun. Most take a condition out of a statement of sql/queries; one that no longer finds what it is to break raises, or
the proof that the checkers can fail would go away unnoticed.
"""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from msgspec import structs

from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.store import statements
from cluster.store.enqueue import Enqueued
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Connection
from tests.chaos import crash_points

VARIABLE = "CHAOS_SABOTAGE"
"""Names the switch; empty or absent = none."""
COMMIT_LATE = 0.5
"""Seconds from the answer to the INSERT."""
LEASE_SECONDS = 2.0
"""Age at which a lease is rescued, whoever holds it."""
LEAK_BYTES, LEAKS_MAX = 15 * 2**20, 20
"""How much is kept each second, and how many seconds long."""

FENCE = "AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]"


@dataclass(frozen=True, slots=True)
class Edit:
    """In sql/queries/<statement>.sql every `text` becomes `instead`."""

    statement: str
    text: str
    instead: str = ""

    def applied(self, sql: str) -> str:
        """Raises RuntimeError if there is nothing to replace."""
        if self.text not in sql:
            raise RuntimeError(f"{self.statement}.sql has no {self.text!r} to break any more")
        return sql.replace(self.text, self.instead)


EDITS: Mapping[str, tuple[Edit, ...]] = {
    # An outcome counts whoever holds the lease by now.
    "no-fence": tuple(Edit(name, FENCE) for name in ("start", "finish", "retry", "release")),
    # What a lost worker held stays with it.
    "no-rescue": (Edit("rescue", "AND ended_at IS NOT NULL", "AND false"),),
    # What has a lease is leased again.
    "double-dispatch": (Edit("claim", "WHERE state = 1 ", "WHERE state IN (1, 2) "),),
    # What is due later is ready at once.
    "early": (Edit("due_promote", "AND scheduled_at <= statement_timestamp()"),),
    # A task that has its outcome is also still there.
    "finish-copies": (Edit("finish", "DELETE FROM tasks AS t", "UPDATE tasks AS t SET state = t.state"),),
    "uncounted": (Edit("finish", "FROM gone HAVING count(*) > 0", "FROM gone HAVING false"),),
    "backdated": tuple(
        Edit(name, "picked_at = statement_timestamp()", "picked_at = timestamptz '2020-01-01'")
        for name in ("claim", "claim_onward")
    ),
    # One crash is enough.
    "hasty-quarantine": (
        Edit("rescue", "crashes >= 3", "crashes >= 1"),
        Edit("rescue", "crashes < 3", "crashes < 1"),
    ),
}
"""Switches that are made by editing statements."""


def install(name: str) -> None:
    """From now on this process breaks the rule of this name, "" for none. Raises KeyError, or RuntimeError as above."""
    if name in EDITS:
        _edit(EDITS[name])
    elif name:
        DEEDS[name]()


def _edit(edits: Iterable[Edit]) -> None:
    translate = statements.for_psycopg

    def broken(text: str) -> str:
        for edit in edits:
            if text.startswith(f"-- {edit.statement}:"):
                text = edit.applied(text)
        return translate(text)

    statements.for_psycopg = broken
    statements.statement.cache_clear()


def _ack_before_commit() -> None:
    """The edge answers first and writes later."""
    enqueue, later = GroupCommit.enqueue, set[asyncio.Task[None]]()

    async def write(group_commit: GroupCommit, tasks: Sequence[NewTask]) -> None:
        await asyncio.sleep(COMMIT_LATE)
        await enqueue(group_commit, tasks)

    async def answer(self: GroupCommit, tasks: Sequence[NewTask]) -> list[Enqueued]:
        writing = asyncio.create_task(write(self, tasks))
        later.add(writing)
        writing.add_done_callback(later.discard)
        return [Enqueued(task.id, task.command, _due(task), created=True, ready=True) for task in tasks]

    GroupCommit.enqueue = answer  # type: ignore[method-assign]


def _due(task: NewTask) -> datetime:
    return task.due or datetime.now(UTC) + timedelta(seconds=task.delay)


def _no_idempotence() -> None:
    """Ids that callers choose count for nothing: who asks twice gets two tasks."""
    enqueue = GroupCommit.enqueue

    async def again(self: GroupCommit, tasks: Sequence[NewTask]) -> list[Enqueued]:
        return await enqueue(self, [structs.replace(task, id=new_id(), id_given=False) for task in tasks])

    GroupCommit.enqueue = again  # type: ignore[method-assign]


def _invented_result() -> None:
    """What is written as the result of a task is not what it returned."""

    def invented(finish: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(connection: Connection, reports: Sequence[Any]) -> Any:
            return await finish(connection, [structs.replace(report, result=b'"invented"') for report in reports])

        return call

    crash_points.replace("cluster.store.leases:finish", invented)


def _cancel_undone() -> None:
    """A cancel is answered from a transaction that is rolled back then."""

    def undone(cancel: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(connection: Connection, *facts: Any, **named: Any) -> Any:
            async with connection.transaction(force_rollback=True):
                return await cancel(connection, *facts, **named)

        return call

    crash_points.replace("cluster.store.steering:cancel", undone)


RESCUE_BY_TIME = """
WITH old AS MATERIALIZED (
  SELECT id, state AS was FROM tasks
  WHERE state IN (2, 3) AND picked_at < statement_timestamp() - %s * interval '1 second'
  FOR UPDATE
), back AS (
  UPDATE tasks
  SET state = 1, attempt = greatest(attempt - 1, 0),
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL
  WHERE id = ANY (ARRAY(SELECT id FROM old))
)
INSERT INTO counters (pending, running)
SELECT count(*), -count(*) FROM old WHERE was = 3 HAVING count(*) > 0
"""


def _rescue_by_time() -> None:
    """What so many queues do: who takes long is taken for dead. Beside the role, on a connection of its own."""
    threading.Thread(target=_rescue_for_ever, name="rescue by time", daemon=True).start()


def _rescue_for_ever() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while True:
            time.sleep(0.2)
            connection.execute(RESCUE_BY_TIME, [LEASE_SECONDS])


def _drop_keys() -> None:
    """Nothing keeps a unique_key unique any more."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP INDEX IF EXISTS tasks_unique_key")


def _leak() -> None:
    """Every process keeps more and more memory."""
    threading.Thread(target=_keep_more, name="leak", daemon=True).start()


def _keep_more() -> None:
    kept: list[bytes] = []
    while len(kept) < LEAKS_MAX:
        kept.append(b"leak" * (LEAK_BYTES // 4))
        time.sleep(1.0)
    threading.Event().wait()


DEEDS: Mapping[str, Callable[[], None]] = {
    "ack-before-commit": _ack_before_commit,
    "no-idempotence": _no_idempotence,
    "invented-result": _invented_result,
    "cancel-undone": _cancel_undone,
    "rescue-by-time": _rescue_by_time,
    "no-keys": _drop_keys,
    "leak": _leak,
}
"""The other switches."""
SWITCHES = (*EDITS, *DEEDS)
