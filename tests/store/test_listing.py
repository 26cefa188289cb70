"""Lists: in order, filtered, and complete although rows move between the tables."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cluster.core.task import State
from cluster.store import leases, tasks
from cluster.store.leases import Parked
from cluster.store.pool import Connection
from cluster.store.statements import statement
from cluster.store.tasks import TaskFilter, TaskRow
from tests.store.made import add, claim, finish, held, new, session, start

ANY = TaskFilter()
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


async def pages(
    conn: Connection, which: TaskFilter = ANY, limit: int = 7, *, newest: bool = False
) -> AsyncIterator[list[TaskRow]]:
    after = None
    while True:
        page = await tasks.list_tasks(conn, which, limit, after, newest=newest)
        assert len(page.tasks) <= limit
        yield page.tasks
        if (after := page.following) is None:
            return


async def everything(
    conn: Connection, which: TaskFilter = ANY, limit: int = 7, *, newest: bool = False
) -> list[TaskRow]:
    return [task async for page in pages(conn, which, limit, newest=newest) for task in page]


async def one_of_each(conn: Connection) -> dict[State, UUID]:
    """A task in every state; all but the scheduled one with the same scheduled_at, the worst case for a key."""
    now = datetime.now(UTC)
    answers = await tasks.enqueue(conn, [new(f"c{n}", due=now) for n in range(11)])
    ids = [answer.id for answer in answers]
    leased = sorted(await claim(conn, 8), key=lambda task: ids.index(task.id))
    assert [task.id for task in leased] == ids[:8]
    ends = (State.COMPLETE, State.FAILED, State.CANCELLED, State.DEAD, State.QUARANTINED)
    for task, state in zip(leased, ends, strict=False):
        await finish(conn, task, state=state)
    await start(conn, leased[5])
    await leases.park(conn, [Parked(held(leased[6])[0], "nobody knows it")])
    await conn.execute("UPDATE tasks SET state = 5 WHERE id = %s", (ids[8],))
    await conn.execute("UPDATE tasks SET state = 6 WHERE id = %s", (ids[10],))
    later = (await add(conn, 1, delay=3600))[0].id
    order = (
        State.COMPLETE,
        State.FAILED,
        State.CANCELLED,
        State.DEAD,
        State.QUARANTINED,
        State.RUNNING,
        State.PARKED,
        State.LEASED,
        State.ISOLATED,
        State.READY,
        State.PAUSED,
    )
    return {**dict(zip(order, ids, strict=True)), State.SCHEDULED: later}


async def test_a_list_holds_every_state_in_order(conn: Connection) -> None:
    expected = await one_of_each(conn)
    for limit in (1, 2, 100):
        listed = await everything(conn, limit=limit)
        assert {task.state: task.id for task in listed} == expected
        assert [(task.scheduled_at, task.id) for task in listed] == sorted(
            (task.scheduled_at, task.id) for task in listed
        )


@pytest.mark.parametrize("state", list(State))
async def test_a_list_by_state_holds_that_state_alone(conn: Connection, state: State) -> None:
    expected = await one_of_each(conn)
    assert [task.id for task in await everything(conn, TaskFilter((state,)))] == [expected[state]]


async def test_a_list_by_several_states_holds_them_all(conn: Connection) -> None:
    expected = await one_of_each(conn)
    wanted = (State.READY, State.RUNNING, State.DEAD)
    assert {task.id for task in await everything(conn, TaskFilter(wanted))} == {expected[state] for state in wanted}


async def test_a_list_is_filtered_by_queue_and_command(conn: Connection) -> None:
    await add(conn, 3, "a", queue="x")
    await add(conn, 2, "b", queue="x")
    await finish(conn, *await claim(conn, 2))
    await add(conn, 4, "a", queue="y", delay=60)
    assert len(await everything(conn, TaskFilter(queue="x"))) == 5
    assert len(await everything(conn, TaskFilter(command="a"))) == 7
    assert len(await everything(conn, TaskFilter(command="a", queue="x"))) == 3
    assert await everything(conn, TaskFilter(command="c")) == []


async def test_a_list_by_worker_takes_its_id_or_its_name(conn: Connection) -> None:
    first, second = await session(conn, "w-1", suffix="0000000a"), await session(conn, "w-1", suffix="0000000b")
    other = await session(conn, "w-1-x", suffix="0000000c")
    await add(conn, 6)
    mine = await claim(conn, 2, first, "w-1-0000000a")
    await finish(conn, mine[0])
    await claim(conn, 2, second, "w-1-0000000b")
    await claim(conn, 2, other, "w-1-x-0000000c")
    assert len(await everything(conn, TaskFilter(worker="w-1"))) == 4
    assert {task.id for task in await everything(conn, TaskFilter(worker="w-1-0000000a"))} == {task.id for task in mine}
    assert len(await everything(conn, TaskFilter(worker="w-1-x"))) == 2
    assert await everything(conn, TaskFilter(worker="w")) == []


async def test_priorities_do_not_disturb_the_order(conn: Connection) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    drawn = random.Random(1)
    given = [new(priority=drawn.choice([-100, -1, 0, 5, 100]), due=now + timedelta(seconds=n % 5)) for n in range(40)]
    await tasks.enqueue(conn, given)
    listed = await everything(conn)
    assert [task.id for task in listed] == [task.id for task in sorted(given, key=lambda task: (task.due, task.id))]


@pytest.mark.parametrize("finish_them", [False, True], ids=["unfinished", "finished"])
@pytest.mark.parametrize("rare", ["queue", "command", "worker"])
async def test_what_is_rare_is_found_in_as_many_pages_as_it_takes(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, rare: str, finish_them: bool
) -> None:
    """A page looks at LOOKS tasks at most, here 10."""
    monkeypatch.setattr(tasks, "LOOKS", 10)
    made = [("rare", "rare") if n == 45 else ("noop", "common") for n in range(47)]
    due = [LONG_AGO + timedelta(seconds=n) for n in range(47)]
    given = [new(command, queue=queue, due=at) for (command, queue), at in zip(made, due, strict=True)]
    await tasks.enqueue(conn, given)
    leased = await claim(conn, 47)
    if rare == "worker" or finish_them:
        await finish(conn, *leased)
        await conn.execute("UPDATE task_history SET worker_id = 'rare' WHERE command = 'rare'")
    else:
        await leases.release(conn, held(*leased))
    which = TaskFilter(**{rare: "rare"})
    listed = [page async for page in pages(conn, which, 7)]
    assert [task.id for page in listed for task in page] == [given[45].id]
    assert len(listed) == 5


async def test_the_newest_first_is_the_same_list_the_other_way_round(conn: Connection) -> None:
    await one_of_each(conn)
    oldest = [task.id for task in await everything(conn, limit=100)]
    for limit in (1, 2, 100):
        assert [task.id for task in await everything(conn, limit=limit, newest=True)] == oldest[::-1]


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("finish_them", [False, True], ids=["unfinished", "finished"])
async def test_a_list_between_two_times_holds_the_first_and_not_the_last(
    conn: Connection, newest: bool, finish_them: bool
) -> None:
    given = [new(due=LONG_AGO + timedelta(seconds=n // 2)) for n in range(20)]
    await tasks.enqueue(conn, given)
    if finish_them:
        await finish(conn, *await claim(conn, 20))
    which = TaskFilter(since=LONG_AGO + timedelta(seconds=3), before=LONG_AGO + timedelta(seconds=7))
    listed = [task.id for task in await everything(conn, which, 3, newest=newest)]
    expected = sorted(given[6:14], key=lambda task: (task.due, task.id), reverse=newest)
    assert listed == [task.id for task in expected]


async def test_what_is_rare_is_found_from_the_newest_on_too(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LOOKS", 10)
    given = [new(queue="rare" if n == 3 else "common", due=LONG_AGO + timedelta(seconds=n)) for n in range(47)]
    await tasks.enqueue(conn, given)
    await finish(conn, *await claim(conn, 47))
    listed = [page async for page in pages(conn, TaskFilter(queue="rare"), 7, newest=True)]
    assert [task.id for page in listed for task in page] == [given[3].id]
    assert len(listed) == 5


def test_the_two_orders_are_mirrors_of_each_other() -> None:
    """But for these words the statements are one."""
    mirrored = (
        statement("task_list")
        .decode()
        .replace("ORDER BY scheduled_at, id", "ORDER BY scheduled_at DESC, id DESC")
        .replace("ORDER BY t.scheduled_at, t.id", "ORDER BY t.scheduled_at DESC, t.id DESC")
        .replace("(scheduled_at, id) <= (SELECT", "(scheduled_at, id) >= (SELECT")
    )
    assert statement("task_list_newest").decode() == mirrored


async def test_tasks_are_found_by_what_their_ids_begin_with(conn: Connection) -> None:
    made = [UUID(f"0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d{n:02x}") for n in range(20)]
    await tasks.enqueue(conn, [new(id=task_id) for task_id in made])
    await finish(conn, *await claim(conn, 10))
    await add(conn, 5)
    digits = made[0].hex
    for given, limit, expected in (
        (digits, 50, made[:1]),
        (digits[:31], 50, made[:16]),
        (digits[:8], 50, made),
        (digits[:8], 3, made[:3]),
        ("0" * 8, 50, []),
    ):
        assert [task.id for task in await tasks.tasks_beginning(conn, given, limit)] == expected


async def test_no_task_is_listed_twice_or_missed_while_tasks_move(conn: Connection) -> None:
    ids = {answer.id for answer in await add(conn, 60)}
    later = {answer.id for answer in await add(conn, 20, delay=3600)}
    drawn, seen, leased = random.Random(2), [], []
    async for page in pages(conn, limit=4):
        seen += [task.id for task in page]
        leased += await claim(conn, drawn.randint(0, 5))
        drawn.shuffle(leased)
        await start(conn, *leased[: drawn.randint(0, 3)])
        await finish(conn, *[leased.pop() for _ in range(min(len(leased), drawn.randint(0, 5)))])
    assert len(seen) == len(set(seen))
    assert set(seen) == ids | later


async def test_the_view_for_people_shows_both_tables(conn: Connection) -> None:
    expected = await one_of_each(conn)
    rows = await (await conn.execute("SELECT state, id FROM all_tasks")).fetchall()
    assert dict(rows) == {state.name.lower(): task_id for state, task_id in expected.items()}
