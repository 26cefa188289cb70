"""Enqueue in your own transaction: the task exists if and only if what you did beside it was committed.

    from cluster.client.transaction import enqueue

    async with await psycopg.AsyncConnection.connect(DATABASE_URL) as conn:
        await conn.execute("INSERT INTO orders …")
        await enqueue(conn, "send-invoice", {"order": 42})

The connection must lead to TaskMaster's own database. Nothing is visible before your COMMIT; afterwards a coordinator
finds the task by itself, within its polling interval at worst, because nobody can be told of it before. Programs
without an event loop post over HTTP (`cluster.client.Client`), after their commit and with a `task_id` of theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import psycopg

from cluster.client.posting import Options, new_task
from cluster.core.new_task import NewTask
from cluster.store import arrays
from cluster.store import enqueue as store
from cluster.store.enqueue import Enqueued
from cluster.store.errors import translated


async def enqueue(
    conn: psycopg.AsyncConnection[Any],
    command: str,
    payload: Mapping[str, object] | None = None,
    **options: Unpack[Options],
) -> Enqueued:
    """Add one task to the transaction of `conn`; see `cluster.client.new_task` for the options.

    Raises InvalidTask before anything is sent, StoreRejected or StoreUnavailable when PostgreSQL refuses; then your
    transaction is aborted, as after any error of a statement.
    """
    [task] = await enqueue_many(conn, [new_task(command, payload, **options)])
    return task


async def enqueue_many(conn: psycopg.AsyncConnection[Any], tasks: Sequence[NewTask]) -> list[Enqueued]:
    """Add tasks made by `new_task`, all in one statement; one answer for each in the order given."""
    arrays.register(conn)
    with translated():
        return await store.enqueue(conn, tasks)
