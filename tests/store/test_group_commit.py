"""Group commit: many requests, few statements, and each request fares as if it were alone."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from cluster.core.errors import StoreRejected, TooBusy
from cluster.store import group_commit, waiting
from cluster.store.enqueue import enqueue
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Connection, Pool
from tests.fixtures.eventually import eventually
from tests.store.grouping import Doorway, Hall, in_the_way, known, serving, together
from tests.store.made import new, scalar

BAD = "bad"
"""A command that PostgreSQL takes no task of."""


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def doorway(monkeypatch: pytest.MonkeyPatch) -> Doorway:
    return in_the_way(monkeypatch)


@pytest.fixture
async def group(pool: Pool, hall: Hall, doorway: Doorway) -> AsyncIterator[GroupCommit]:
    async with serving(pool, hall, doorway) as group:
        yield group


@pytest.fixture
async def picky(conn: Connection) -> None:
    body = f"BEGIN IF NEW.command = '{BAD}' THEN RAISE 'no' USING ERRCODE = '22000'; END IF; RETURN NEW; END"
    await conn.execute(f"CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$".encode())
    await conn.execute("CREATE TRIGGER picky BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION picky()")


async def test_many_requests_at_one_moment_are_few_statements(
    group: GroupCommit, doorway: Doorway, hall: Hall, conn: Connection
) -> None:
    requests = [[new(f"c{n}")] for n in range(500)]
    answers = await together(group, requests)
    assert [answer[0].command for answer in answers] == [f"c{n}" for n in range(500)]
    assert all(answer[0].created for answer in answers)
    assert doorway.groups == [500]
    assert await scalar(conn, "SELECT count(*) FROM counters") == 1
    assert set(hall.created) == await known(conn) == {task.id for [task] in requests}


async def test_a_lone_request_is_written_at_once(group: GroupCommit, doorway: Doorway) -> None:
    for _ in range(3):
        await group.enqueue([new()])
    assert doorway.groups == [1, 1, 1]


async def test_what_has_to_run_is_announced_before_its_request_is_answered(
    group: GroupCommit, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def noted(what: str, said: Callable[..., None]) -> Callable[..., None]:
        return lambda *facts: (order.append(what), said(*facts))[1]

    monkeypatch.setattr(hall, "scheduled", noted("announced", hall.scheduled))
    monkeypatch.setattr(group_commit, "answer", noted("answered", group_commit.answer))
    await group.enqueue([new()])
    assert order == ["announced", "answered"]


async def test_who_comes_while_statements_are_under_way_goes_into_the_next_one(
    group: GroupCommit, doorway: Doorway
) -> None:
    doorway.open.clear()
    asked = []
    for lane in range(waiting.LANES):
        asked.append(asyncio.create_task(group.enqueue([new()])))
        await eventually(lambda lane=lane: len(doorway.groups) == lane + 1)
    asked += [asyncio.create_task(group.enqueue([new()])) for _ in range(50)]
    await asyncio.sleep(0)
    doorway.open.set()
    await asyncio.gather(*asked)
    assert doorway.groups == [*[1] * waiting.LANES, 50]


async def test_a_group_ends_at_its_bounds(
    group: GroupCommit, doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ROWS", 10)
    monkeypatch.setattr(waiting, "BYTES", 1000)
    large = b'{"x": "' + b"y" * 600 + b'"}'
    await together(group, [[new()] * 1, [new() for _ in range(9)], [new()], [new() for _ in range(20)], [new()]])
    assert doorway.groups == [10, 1, 20, 1]
    doorway.groups.clear()
    await together(group, [[new(payload=large)], [new(payload=large)], [new()], [new(payload=large)] * 1])
    assert doorway.groups == [1, 2, 1]


@pytest.mark.parametrize("facts", [{}, {"id_given": True}])
async def test_a_task_that_postgresql_refuses_harms_nobody_else(
    group: GroupCommit, conn: Connection, picky: None, facts: dict[str, bool]
) -> None:
    requests = [[new(BAD if n in {0, 17, 18, 63} else "noop", **facts)] for n in range(64)]
    requests[30] = [new(**facts), new(BAD, **facts), new(**facts)]
    answers = await together(group, requests)
    for [task, *others], answer in zip(requests, answers, strict=True):
        if others or task.command == BAD:
            assert isinstance(answer, StoreRejected)
        else:
            assert [found.id for found in answer] == [task.id]
    bad = {0, 17, 18, 30, 63}
    assert await known(conn) == {request[0].id for number, request in enumerate(requests) if number not in bad}
    assert await scalar(conn, "SELECT sum(pending) FROM counters") == 64 - len(bad)


async def test_a_known_id_and_a_live_key_are_answered_with_the_first_task_and_the_others_created(
    group: GroupCommit, doorway: Doorway, hall: Hall, conn: Connection
) -> None:
    [known_id, _] = await enqueue(conn, [new("first", id_given=True), new("second", unique_key="k")])
    fresh = new(id_given=True)
    answers = await together(
        group, [[new(id=known_id.id, id_given=True)], [new(unique_key="k")], [fresh], [new(unique_key="new")]]
    )
    assert [(answer.command, answer.created) for [answer] in answers] == [
        ("first", False), ("second", False), ("noop", True), ("noop", True),
    ]  # fmt: skip
    assert doorway.groups == [4]
    assert known_id.id not in hall.created
    assert fresh.id in hall.created


async def test_twins_in_two_requests_of_a_group_are_one_task(group: GroupCommit, doorway: Doorway) -> None:
    twin = new("twin", id_given=True)
    answers = await together(group, [[twin], [new("a", unique_key="k")], [twin], [new("b", unique_key="k")]])
    assert [(answer.command, answer.created) for [answer] in answers] == [
        ("twin", True), ("a", True), ("twin", False), ("a", False),
    ]  # fmt: skip
    assert doorway.groups == [4]


@pytest.mark.parametrize("commits", [True, False])
async def test_a_key_that_an_open_transaction_holds_is_waited_for_by_those_who_want_it_only(
    group: GroupCommit, conn: Connection, commits: bool
) -> None:
    wanted = new("wanted", unique_key="k")
    async with conn.transaction(force_rollback=not commits):
        [holder] = await enqueue(conn, [new("holder", unique_key="k")])
        held = asyncio.create_task(group.enqueue([wanted]))
        others = await together(group, [[new(unique_key=f"other {n}")] for n in range(20)])
        later = await together(group, [[new(id_given=True)], [new()]])
        assert all(answer[0].created for answer in [*others, *later])
        assert not held.done()
    [answer] = await held
    assert (answer.id, answer.created) == ((holder.id, False) if commits else (wanted.id, True))


async def test_so_many_that_wait_for_a_key_leave_connections_to_the_others(
    group: GroupCommit, doorway: Doorway, conn: Connection
) -> None:
    async with conn.transaction():
        await enqueue(conn, [new(unique_key="k")])
        held = [asyncio.create_task(group.enqueue([new(unique_key="k")])) for _ in range(20)]
        await eventually(lambda: doorway.groups == [20, *[1] * group_commit.ALONE])
        assert (await group.enqueue([new()]))[0].created
        assert not any(task.done() for task in held)
    assert not any(answer.created for [answer] in await asyncio.gather(*held))


async def test_who_went_away_before_the_statement_is_left_out(
    group: GroupCommit, doorway: Doorway, hall: Hall, conn: Connection
) -> None:
    doorway.open.clear()
    lanes = []
    for lane in range(waiting.LANES):
        lanes.append(asyncio.create_task(group.enqueue([new()])))
        await eventually(lambda lane=lane: len(doorway.groups) == lane + 1)
    gone, stays = new(), new()
    going, staying = (asyncio.create_task(group.enqueue([task])) for task in (gone, stays))
    await asyncio.sleep(0)
    going.cancel()
    await asyncio.wait([going])
    doorway.open.set()
    await asyncio.gather(*lanes, staying)
    assert stays.id in await known(conn)
    assert gone.id not in await known(conn)
    assert gone.id not in hall.created


async def test_who_goes_away_meanwhile_has_his_task_announced_and_does_not_harm_the_others(
    group: GroupCommit, doorway: Doorway, hall: Hall, conn: Connection
) -> None:
    doorway.open.clear()
    gone, stays = new(), new()
    going, staying = (asyncio.create_task(group.enqueue([task])) for task in (gone, stays))
    await eventually(lambda: doorway.groups == [2])
    going.cancel()
    await asyncio.wait([going])
    doorway.open.set()
    assert (await staying)[0].created
    assert {gone.id, stays.id} == set(hall.created) == await known(conn)


async def test_what_is_too_much_is_refused_at_once_and_nothing_of_it_is_kept(
    group: GroupCommit, doorway: Doorway, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "WAITING", 10)
    doorway.open.clear()
    taken = [asyncio.create_task(group.enqueue([new() for _ in range(8)]))]
    await eventually(lambda: doorway.groups == [8])
    with pytest.raises(TooBusy, match="8 tasks wait"):
        await group.enqueue([new() for _ in range(3)])
    taken.append(asyncio.create_task(group.enqueue([new(), new()])))
    doorway.open.set()
    await asyncio.gather(*taken)
    assert len(await known(conn)) == 10
    assert len(await group.enqueue([new() for _ in range(50)])) == 50, "nobody else waits, so it is taken"


async def test_payloads_that_are_too_large_together_are_refused(
    group: GroupCommit, doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "WAITING_BYTES", 100)
    doorway.open.clear()
    taken = asyncio.create_task(group.enqueue([new(payload=b'{"x": "' + b"y" * 60 + b'"}')]))
    await eventually(lambda: doorway.groups == [1])
    with pytest.raises(TooBusy):
        await group.enqueue([new(payload=b'{"x": "' + b"y" * 60 + b'"}')])
    doorway.open.set()
    await taken
