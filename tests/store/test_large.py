"""What is read of tasks at once is bounded in bytes, however many rows are asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cluster.core.errors import PayloadTooLarge
from cluster.core.task import State
from cluster.store import steering, tasks
from cluster.store.pool import Connection
from cluster.store.tasks import TaskFilter, TaskRow
from tests.store.made import claim, finish, new

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
LARGE = 40_000
BYTES = 100_000
"""What is read at once here: three of these tasks, the third of which reaches it."""


@pytest.fixture
async def made(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """20 large tasks, half of them finished with a small payload and a large result and error, and a small one."""
    monkeypatch.setattr(tasks, "BYTES", BYTES)
    payloads = [b'{"text":"%s"}' % (b"x" * LARGE)] * 20 + [b'{"n":1}']
    given = [new(payload=text, due=LONG_AGO + timedelta(seconds=n)) for n, text in enumerate(payloads)]
    answers = await tasks.enqueue(conn, given)
    await finish(conn, *await claim(conn, 10))
    half = f"payload = NULL, result = to_json(repeat('ä', {LARGE // 4})), error = repeat('e', {LARGE // 2})"
    await conn.execute(f"UPDATE task_history SET {half}".encode())
    return [answer.id for answer in answers]


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("which", [TaskFilter(), TaskFilter(command="noop")], ids=["any", "filtered"])
async def test_a_page_ends_with_the_task_that_reaches_the_bound_and_the_list_goes_on(
    conn: Connection, made: list[UUID], which: TaskFilter, newest: bool
) -> None:
    sizes, seen, after = [], [], None
    while True:
        page = await tasks.list_tasks(conn, which, 500, after, newest=newest)
        sizes.append(len(page.tasks))
        assert sum(size(task) for task in page.tasks[:-1]) <= BYTES
        seen += [task.id for task in page.tasks]
        if (after := page.following) is None:
            break
    assert seen == (made[::-1] if newest else made)
    assert len(sizes) == 7


async def test_a_page_holds_one_task_however_large_it_is(
    conn: Connection, made: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BYTES", 1)
    page = await tasks.list_tasks(conn, TaskFilter(), 500, None)
    assert [task.id for task in page.tasks] == made[:1]
    assert page.following is not None
    assert await tasks.get_task(conn, made[0]) is not None


async def test_a_limit_below_the_bound_is_kept(conn: Connection, made: list[UUID]) -> None:
    page = await tasks.list_tasks(conn, TaskFilter(), 2, None)
    assert ([task.id for task in page.tasks], page.following) == (made[:2], (page.tasks[1].scheduled_at, made[1]))


async def test_too_much_by_ids_is_refused_and_less_is_answered(conn: Connection, made: list[UUID]) -> None:
    with pytest.raises(PayloadTooLarge, match="ask for fewer of them at once"):
        await tasks.get_tasks(conn, made)
    for first in range(0, len(made), 3):
        some = made[first : first + 3]
        assert [task.id for task in await tasks.get_tasks(conn, some)] == some
    # The same one again costs nothing.
    assert [task.id for task in await tasks.get_tasks(conn, made[:1] * 500)] == made[:1]


async def test_attempts_count(conn: Connection, made: list[UUID]) -> None:
    await conn.execute(f"UPDATE tasks SET attempts = jsonb_build_array(repeat('a', {BYTES}))".encode())
    with pytest.raises(PayloadTooLarge):
        await tasks.get_tasks(conn, made[-2:])


async def test_what_the_digits_of_ids_find_is_the_first_of_them(conn: Connection, made: list[UUID]) -> None:
    await conn.execute("UPDATE tasks SET id = ('00000000' || right(id::text, 28))::uuid")
    digits = "0" * 8
    found = [task.id for task in await tasks.tasks_beginning(conn, digits, 500)]
    assert len(found) in {3, 4}
    assert found == sorted(UUID(digits + str(task_id)[8:]) for task_id in made[10:])[: len(found)]


async def test_steering_asks_for_no_payload_and_knows_no_such_bound(conn: Connection, made: list[UUID]) -> None:
    assert await steering.select(conn, steering.Selection((), (State.READY,)), 500) == made[10:]
    changes = await steering.cancel(conn, made)
    assert [change.id for change in changes if change.changed] == made[10:]
    assert {change.was for change in changes[:10]} == {State.COMPLETE}


def size(task: TaskRow) -> int:
    return len(task.payload or b"") + len(task.result or b"") + len((task.error or "").encode())
