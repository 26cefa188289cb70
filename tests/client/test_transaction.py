"""A task is part of the transaction it was enqueued in."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cluster.client import new_task
from cluster.client.transaction import enqueue, enqueue_many
from cluster.core.errors import InvalidTask, StoreRejected
from cluster.core.task import State
from cluster.runtime.ids import new_id
from cluster.store.tasks import TaskFilter, get_task, list_tasks


@pytest.fixture
async def mine(database_url):
    """A connection of the program's own: not in autocommit, with rows of its own kind."""
    async with await psycopg.AsyncConnection.connect(database_url, row_factory=psycopg.rows.dict_row) as connection:
        yield connection


async def all_tasks(conn):
    return (await list_tasks(conn, TaskFilter(), 100, None)).tasks


async def test_a_rollback_leaves_nothing(mine, conn):
    await enqueue(mine, "noop", {"n": 1})
    await mine.rollback()
    assert await all_tasks(conn) == []


async def test_a_commit_makes_the_task_visible_and_not_before(mine, conn):
    enqueued = await enqueue(mine, "noop", {"n": 1}, priority=5)
    assert await all_tasks(conn) == []
    await mine.commit()
    [task] = await all_tasks(conn)
    assert (task.id, task.command, task.payload, task.priority) == (enqueued.id, "noop", b'{"n":1}', 5)
    assert task.state is State.READY


async def test_the_task_shares_the_fate_of_what_was_done_beside_it(mine, conn):
    await mine.execute("CREATE TABLE orders_of_mine (id int PRIMARY KEY)")
    await mine.commit()
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with mine.transaction():
            await mine.execute("INSERT INTO orders_of_mine VALUES (1)")
            await enqueue(mine, "send-invoice", {"order": 1})
            await mine.execute("INSERT INTO orders_of_mine VALUES (1)")
    assert await all_tasks(conn) == []


async def test_many_tasks_are_answered_in_their_order(mine, conn):
    later = datetime.now(UTC) + timedelta(days=1)
    tasks = [new_task("noop", {"n": n}, at=later) for n in range(50)]
    enqueued = await enqueue_many(mine, tasks)
    await mine.commit()
    assert [one.id for one in enqueued] == [task.id for task in tasks]
    assert {task.state for task in await all_tasks(conn)} == {State.SCHEDULED}


async def test_a_known_id_or_a_live_key_is_the_first_task(mine, conn):
    first = await enqueue(mine, "noop", task_id=new_id(), unique_key="k")
    again = await enqueue(mine, "noop", task_id=first.id)
    same_key = await enqueue(mine, "noop", unique_key="k")
    await mine.commit()
    assert (first.created, again.created, same_key.created) == (True, False, False)
    assert first.id == again.id == same_key.id
    assert len(await all_tasks(conn)) == 1


async def test_a_task_that_breaks_a_limit_does_not_touch_the_transaction(mine, conn):
    kept = await enqueue(mine, "noop")
    with pytest.raises(InvalidTask, match="priority"):
        await enqueue(mine, "noop", priority=1000)
    await mine.commit()
    assert await get_task(conn, kept.id)


async def test_another_database_is_refused_as_one_of_ours_would_be(postgres):
    async with await psycopg.AsyncConnection.connect(postgres.url("postgres")) as elsewhere:
        with pytest.raises(StoreRejected, match="tasks"):
            await enqueue(elsewhere, "noop")
