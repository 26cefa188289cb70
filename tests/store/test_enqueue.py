"""Enqueue: all or nothing, and the same task only once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cluster.core.errors import StoreRejected
from cluster.core.task import State
from cluster.runtime.ids import new_id
from cluster.store import tasks
from cluster.store.counters import totals
from cluster.store.errors import translated
from cluster.store.pool import Connection, Pool, connected
from tests.fixtures.eventually import eventually
from tests.store.made import add, claim, finish, new, row, scalar


async def test_a_task_is_stored_as_it_was_given(conn: Connection) -> None:
    given = new(
        "thumbnail", payload=b'{"path": "\xc3\xa4.png", "size": 1}', queue="images", priority=-7, max_attempts=5,
        timeout_ms=30_000, unique_key="k",
    )  # fmt: skip
    [answer] = await tasks.enqueue(conn, [given])
    stored = await row(conn, given.id)
    assert (answer.id, answer.command, answer.created, answer.ready) == (given.id, "thumbnail", True, True)
    assert (stored.command, stored.payload, stored.queue) == ("thumbnail", given.payload, "images")
    assert (stored.priority, stored.max_attempts, stored.timeout_ms) == (-7, 5, 30_000)
    assert (stored.unique_key, stored.state, stored.attempt) == ("k", State.READY, 0)
    assert stored.scheduled_at == answer.scheduled_at
    assert (stored.picked_at, stored.started_at, stored.finished_at, stored.worker_id) == (None, None, None, None)


async def test_answers_come_in_the_order_given(conn: Connection) -> None:
    given = [new(unique_key=key) for key in ("z", "a", "m")] + [new()]
    answers = await tasks.enqueue(conn, given)
    assert [answer.id for answer in answers] == [task.id for task in given]


async def test_a_task_with_a_time_to_come_is_scheduled_not_ready(conn: Connection) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    later, sooner, past = await tasks.enqueue(
        conn, [new(due=due), new(delay=3600), new(due=datetime(2020, 1, 1, tzinfo=UTC))]
    )
    assert (later.ready, sooner.ready, past.ready) == (False, False, True)
    assert later.scheduled_at == due
    assert abs((sooner.scheduled_at - due).total_seconds()) < 60
    assert (await row(conn, later.id)).state is State.SCHEDULED


FACTS = {
    "command": ("a", "b"), "payload": (b'{"n": 1}', None), "queue": ("slow", "default"), "priority": (5, 0),
    "max_attempts": (7, None), "timeout_ms": (1500, None), "unique_key": ("k", None),
    "due": (datetime(2031, 1, 1, tzinfo=UTC), None), "delay": (60.0, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("given", [(0,), (0, 0), (0, 1), (1, 0), (1, 1), (0, 1, 1), (1, 1, 0)])
@pytest.mark.parametrize("id_given", [False, True])
async def test_what_tasks_have_in_common_and_what_they_do_not_is_stored_with_each(
    conn: Connection, fact: str, given: tuple[int, ...], id_given: bool
) -> None:
    values = [FACTS[fact][which] for which in given]
    if fact == "unique_key":
        values = [value and f"{value}{number}" for number, value in enumerate(values)]
    answers = await tasks.enqueue(conn, [new(id_given=id_given, **{fact: value}) for value in values])
    stored = await tasks.get_tasks(conn, [answer.id for answer in answers])
    assert [task.scheduled_at for task in stored] == [answer.scheduled_at for answer in answers]
    assert [task.state is State.READY for task in stored] == [answer.ready for answer in answers]
    if fact == "due":
        assert [task.scheduled_at == value for task, value in zip(stored, values, strict=True)] == list(
            map(bool, values)
        )
    elif fact == "delay":
        assert [task.state is State.SCHEDULED for task in stored] == list(map(bool, values))
    else:
        assert [getattr(task, fact) for task in stored] == values


@pytest.mark.parametrize("delay", [0.1234567, 1e-7, 0.0000015, 1 / 3, 123_456_789.123_456_7])
async def test_a_delay_is_answered_to_the_microsecond_as_it_is_stored(conn: Connection, delay: float) -> None:
    [answer] = await tasks.enqueue(conn, [new(delay=delay)])
    stored = await row(conn, answer.id)
    assert (stored.scheduled_at, stored.state is State.READY) == (answer.scheduled_at, answer.ready)


async def test_an_id_that_is_known_answers_with_the_first_task(conn: Connection) -> None:
    first, again = new("first", id_given=True), None
    await tasks.enqueue(conn, [first])
    again = new("second", id=first.id, id_given=True)
    [answer] = await tasks.enqueue(conn, [again])
    assert (answer.id, answer.command, answer.created, answer.ready) == (first.id, "first", False, True)
    assert (await totals(conn)).pending == 1


async def test_an_id_of_ours_that_is_known_answers_with_the_first_task(conn: Connection) -> None:
    first = new("first")
    await tasks.enqueue(conn, [first])
    answers = await tasks.enqueue(conn, [new("other"), new("second", id=first.id)])
    assert [(answer.command, answer.created) for answer in answers] == [("other", True), ("first", False)]


async def test_an_id_that_has_finished_is_not_run_again(conn: Connection) -> None:
    first = new("first", id_given=True)
    await tasks.enqueue(conn, [first])
    await finish(conn, *await claim(conn, 1))
    [answer] = await tasks.enqueue(conn, [new("second", id=first.id, id_given=True)])
    assert (answer.command, answer.created, answer.ready) == ("first", False, False)
    assert await scalar(conn, "SELECT count(*) FROM tasks") == 0
    counted = await totals(conn)
    assert (counted.pending, counted.completed) == (0, 1)


async def test_an_id_that_finishes_while_it_is_enqueued_again_is_not_run_again(pool: Pool) -> None:
    """The INSERT waits for the finish, then nothing stops it: the look into history must."""
    async with connected(pool) as conn, connected(pool) as other:
        first = new("first", id_given=True)
        await tasks.enqueue(conn, [first])
        leased = await claim(conn, 1)
        async with conn.transaction():
            await finish(conn, *leased)
            repeated = asyncio.create_task(tasks.enqueue(other, [new("second", id=first.id, id_given=True)]))
            await waiting(pool, other)
        [answer] = await repeated
        assert (answer.command, answer.created) == ("first", False)
        assert await scalar(conn, "SELECT count(*) FROM tasks") == 0
        assert (await totals(conn)).pending == 0


async def test_a_unique_key_belongs_to_one_unfinished_task(conn: Connection) -> None:
    first, second = new("first", unique_key="k"), new("second", unique_key="k")
    await tasks.enqueue(conn, [first])
    [answer] = await tasks.enqueue(conn, [second])
    assert (answer.id, answer.created) == (first.id, False)
    await finish(conn, *await claim(conn, 1))
    [answer] = await tasks.enqueue(conn, [second])
    assert (answer.id, answer.created) == (second.id, True)


async def test_a_unique_key_that_is_freed_while_it_is_asked_for_is_given_to_the_new_task(pool: Pool) -> None:
    async with connected(pool) as conn, connected(pool) as other:
        await tasks.enqueue(conn, [new("first", unique_key="k")])
        leased = await claim(conn, 1)
        async with conn.transaction():
            await finish(conn, *leased)
            asked = asyncio.create_task(tasks.enqueue(other, [new("second", unique_key="k")]))
            await waiting(pool, other)
        [answer] = await asked
        assert (answer.command, answer.created) == ("second", True)


async def test_twins_in_one_batch_are_one_task(conn: Connection) -> None:
    twin = new("twin", id_given=True)
    answers = await tasks.enqueue(conn, [twin, new("a", unique_key="k"), twin, new("b", unique_key="k")])
    assert [(answer.command, answer.created) for answer in answers] == [
        ("twin", True), ("a", True), ("twin", False), ("a", False),
    ]  # fmt: skip
    assert (await totals(conn)).pending == 2


async def test_a_finished_id_in_a_batch_does_not_take_a_unique_key_from_a_new_task(conn: Connection) -> None:
    """Found by the state machine: the new one was answered with the finished one, and never ran."""
    [over] = await add(conn, 1)
    await finish(conn, *await claim(conn, 1))
    late = new(unique_key="k")
    again, created = await tasks.enqueue(conn, [new(id=over.id, id_given=True, unique_key="k"), late])
    assert (again.id, again.created) == (over.id, False)
    assert (created.id, created.created) == (late.id, True)
    assert (await row(conn, late.id)).state is State.READY


async def test_calls_that_share_ids_and_keys_add_each_task_once(pool: Pool) -> None:
    batch = [new(f"c{n}", unique_key=f"k{n}" if n % 2 else None, id_given=n % 2 == 0) for n in range(60)]

    async def call(turn: int) -> list[bool]:
        async with connected(pool) as conn:
            answers = await tasks.enqueue(conn, batch[turn:] + batch[:turn])
            assert {answer.command for answer in answers} == {task.command for task in batch}
            return [answer.created for answer in answers]

    created = await asyncio.gather(*(call(turn) for turn in (0, 7, 31, 59)))
    assert sum(sum(answers) for answers in created) == len(batch)
    async with connected(pool) as conn:
        assert (await totals(conn)).pending == len(batch) == await scalar(conn, "SELECT count(*) FROM tasks")


@pytest.mark.parametrize("facts", [{}, {"id_given": True}])
async def test_one_bad_task_keeps_the_whole_batch_out(conn: Connection, facts: dict[str, bool]) -> None:
    batch = [new(**facts) for _ in range(5)] + [new(payload=b'{"broken', **facts)]
    with pytest.raises(StoreRejected), translated():
        await tasks.enqueue(conn, batch)
    assert await scalar(conn, "SELECT count(*) FROM tasks") == 0
    assert (await totals(conn)).pending == 0


async def test_text_is_never_taken_for_sql(conn: Connection) -> None:
    wild = "'; DROP TABLE tasks; -- %s %(x)s :x $1 \\ \""
    [answer] = await tasks.enqueue(conn, [new(unique_key=wild, payload=b'{"a": ":b %d"}')])
    stored = await row(conn, answer.id)
    assert (stored.unique_key, stored.payload) == (wild, b'{"a": ":b %d"}')
    which = tasks.TaskFilter(queue=wild, command=wild, worker=wild)
    assert await tasks.list_tasks(conn, which, 10, None) == tasks.Listed([], None)


async def test_nothing_is_asked_for_an_empty_batch(conn: Connection) -> None:
    assert await tasks.enqueue(conn, []) == []
    assert await scalar(conn, "SELECT count(*) FROM counters") == 0


async def test_an_unknown_id_is_no_task(conn: Connection) -> None:
    assert await tasks.get_task(conn, new_id()) is None


async def test_many_are_read_in_the_order_asked_for(conn: Connection) -> None:
    done, todo = [answer.id for answer in await add(conn, 2)], None
    await finish(conn, *await claim(conn, 2))
    todo = [answer.id for answer in await add(conn, 2)]
    wanted = [todo[1], done[0], new_id(), todo[0], done[1]]
    assert [found.id for found in await tasks.get_tasks(conn, wanted)] == [todo[1], done[0], todo[0], done[1]]


async def waiting(pool: Pool, other: Connection) -> None:
    """Until the connection `other` waits for a lock."""
    query = f"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {other.info.backend_pid}"
    async with connected(pool) as looking:
        await eventually(lambda: scalar(looking, query))
