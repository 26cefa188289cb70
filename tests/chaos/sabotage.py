"""Switches that break one rule each, so that the checkers can be seen to find it.

They exist in this harness alone: the launcher of a process calls `install(name)` before its role begins. Most take a
condition out of a statement of sql/queries; a switch that no longer finds what it is to break raises, or the proof that
the checkers can fail would go away unnoticed.
"""

import asyncio
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg

from cluster.core.new_task import NewTask
from cluster.edge.ingest import Ingest
from cluster.runtime.ids import new_id
from cluster.store import statements
from cluster.store.enqueue import Enqueued

VARIABLE = "CHAOS_SABOTAGE"
"""Names the switch; empty or absent = none."""
COMMIT_LATE = 0.5
"""Seconds from the answer to the INSERT."""
LEASE_SECONDS = 2.0
"""Age at which a lease is rescued, whoever holds it."""

FENCE = re.compile(
    re.escape("AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]")
)


@dataclass(frozen=True)
class Edit:
    """In sql/queries/<statement>.sql every match of `pattern` is replaced."""

    statement: str
    pattern: re.Pattern[str]
    replacement: str = ""


def install(name: str) -> None:
    """From now on this process breaks the rule of this name, "" for none. Raises KeyError, or RuntimeError as above."""
    if name:
        SWITCHES[name]()


def _edited(*edits: Edit) -> Callable[[], None]:
    return lambda: _edit(edits)


def _edit(edits: Sequence[Edit]) -> None:
    translate = statements.for_psycopg

    def broken(text: str) -> str:
        for edit in edits:
            if text.startswith(f"-- {edit.statement}:"):
                text, changes = edit.pattern.subn(edit.replacement, text)
                if not changes:
                    raise RuntimeError(f"{edit.statement}.sql has no {edit.pattern.pattern!r} to break any more")
        return translate(text)

    statements.for_psycopg = broken
    statements.statement.cache_clear()
    for edit in edits:
        statements.statement(edit.statement)


def _ack_before_commit() -> None:
    """The edge answers first and writes later."""
    enqueue, later = Ingest.enqueue, set[asyncio.Task[None]]()

    async def write(ingest: Ingest, tasks: Sequence[NewTask]) -> None:
        await asyncio.sleep(COMMIT_LATE)
        await enqueue(ingest, tasks)

    async def answer(self: Ingest, tasks: Sequence[NewTask]) -> list[Enqueued]:
        writing = asyncio.create_task(write(self, tasks))
        later.add(writing)
        writing.add_done_callback(later.discard)
        return [Enqueued(task.id, task.command, _due(task), created=True, ready=True) for task in tasks]

    Ingest.enqueue = answer  # type: ignore[method-assign]


def _due(task: NewTask) -> datetime:
    return task.due or datetime.now(UTC) + timedelta(seconds=task.delay)


def _no_idempotence() -> None:
    """Ids that callers choose count for nothing: who asks twice gets two tasks."""
    enqueue = Ingest.enqueue

    async def again(self: Ingest, tasks: Sequence[NewTask]) -> list[Enqueued]:
        return await enqueue(self, [replace(task, id=new_id(), id_given=False) for task in tasks])

    Ingest.enqueue = again  # type: ignore[method-assign]


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
    """What so many queues do: who takes long is taken for dead. Beside the coordinator, on a connection of its own."""
    threading.Thread(target=_rescue_for_ever, name="rescue by time", daemon=True).start()


def _rescue_for_ever() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while True:
            time.sleep(0.2)
            connection.execute(RESCUE_BY_TIME, [LEASE_SECONDS])


SWITCHES: Mapping[str, Callable[[], None]] = {
    "no-fence": _edited(
        *(Edit(name, re.compile(re.escape(_FENCE))) for name in ("start", "finish", "retry", "release"))
    ),
    "ack-before-commit": _ack_before_commit,
    "rescue-by-time": _rescue_by_time,
    "no-rescue": _edited(Edit("rescue", re.compile(r"AND ended_at IS NOT NULL"), "AND false")),
    "no-idempotence": _no_idempotence,
    "double-dispatch": _edited(Edit("claim", re.compile(r"WHERE state = 1\b"), "WHERE state IN (1, 2)")),
    "early": _edited(Edit("due_promote", re.compile(r"AND scheduled_at <= statement_timestamp\(\)"))),
    "uncounted": _edited(Edit("finish", re.compile(r"FROM gone HAVING count\(\*\) > 0"), "FROM gone HAVING false")),
}
"""By name. Each is for the processes of one role; in the others it breaks nothing."""
