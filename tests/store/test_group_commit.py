"""Group commit: many requests, few statements, and each request fares as if it were alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import pytest

from cluster.core.errors import InvalidTask, OutcomeUnknown, StoreRejected, StoreUnavailable, TooBusy
from cluster.core.new_task import NewTask
from cluster.store import group_commit, waiting
from cluster.store.certainty import enqueue_for_certain
from cluster.store.enqueue import Enqueued, enqueue
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Connection, Pool, create_pool
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import CuttableLine
from tests.store.made import new, scalar

BAD = "bad"
"""A command that PostgreSQL takes no task of."""


class Hall:
    """Where announcements are heard. State: who is expected, what was created."""

    def __init__(self) -> None:
        self.expected: set[str] = set()
        self.created: list[UUID] = []

    def expect(self, task_ids: Sequence[str]) -> None:
        self.expected |= set(task_ids)

    def scheduled(self, task_ids: Sequence[str], created: Sequence[Enqueued]) -> None:
        assert {str(task.id) for task in created} <= self.expected
        self.expected -= set(task_ids)
        self.created += [task.id for task in created]


class Doorway:
    """Every group passes here. State: how many tasks each had, and whether they may go on."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, pool: Pool, tasks: Sequence[NewTask], **bounds: float) -> list[Enqueued]:
        self.groups.append(len(tasks))
        await self.open.wait()
        return await enqueue_for_certain(pool, tasks, **bounds)


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def doorway(monkeypatch: pytest.MonkeyPatch) -> Doorway:
    doorway = Doorway()
    monkeypatch.setattr(group_commit, "enqueue_for_certain", doorway)
    return doorway


@pytest.fixture
async def group(pool: Pool, hall: Hall, doorway: Doorway) -> AsyncIterator[GroupCommit]:
    group = GroupCommit(pool, hall)
    await group.start()
    yield group
    doorway.open.set()
    await group.stop()
    assert hall.expected == set(), "whoever was told to expect a task is told how it ended"


@pytest.fixture
async def picky(conn: Connection) -> None:
    body = f"BEGIN IF NEW.command = '{BAD}' THEN RAISE 'no' USING ERRCODE = '22000'; END IF; RETURN NEW; END"
    await conn.execute(f"CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$".encode())
    await conn.execute("CREATE TRIGGER picky BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION picky()")


async def together(group: GroupCommit, requests: Sequence[list[NewTask]]) -> list[list[Enqueued] | BaseException]:
    """What each of these requests gets; they are made at one moment, so they share a group."""
    return await asyncio.gather(*map(group.enqueue, requests), return_exceptions=True)


async def known(conn: Connection) -> set[UUID]:
    cursor = await conn.execute("SELECT id FROM tasks")
    return {UUID(str(task_id)) for (task_id,) in await cursor.fetchall()}


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


async def test_a_service_that_stops_writes_what_it_has_and_takes_no_more(
    group: GroupCommit, doorway: Doorway, conn: Connection
) -> None:
    doorway.open.clear()
    asked = [asyncio.create_task(group.enqueue([new()])) for _ in range(20)]
    await eventually(lambda: doorway.groups)
    stopping = asyncio.create_task(group.stop())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="stopping"):
        await group.enqueue([new()])
    doorway.open.set()
    await stopping
    await asyncio.gather(*asked)
    assert len(await known(conn)) == 20


async def test_a_service_that_stops_waits_only_so_long_and_leaves_nobody_without_an_answer(
    group: GroupCommit, doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "DRAIN", 0.05)
    doorway.open.clear()
    first = asyncio.create_task(group.enqueue([new()]))
    await eventually(lambda: len(doorway.groups) == 1)
    second = asyncio.create_task(group.enqueue([new()]))
    await eventually(lambda: len(doorway.groups) == 2)
    never_begun = asyncio.create_task(group.enqueue([new()]))
    await asyncio.sleep(0)
    await group.stop()
    await group.stop()
    for asked in (first, second):
        with pytest.raises(OutcomeUnknown, match="send it again with task_id"):
            await asked
    with pytest.raises(StoreUnavailable, match="stopping; nothing was enqueued"):
        await never_begun


async def test_a_service_that_stops_answers_those_whose_group_was_just_taken_apart(
    pool: Pool, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    async def refused_together_stuck_alone(_pool: Pool, tasks: Sequence[NewTask], **_bounds: float) -> list[Enqueued]:
        sizes.append(len(tasks))
        if len(tasks) > 1:
            raise InvalidTask("one of them is wrong")
        return await asyncio.Future()

    monkeypatch.setattr(group_commit, "DRAIN", 0.05)
    monkeypatch.setattr(group_commit, "enqueue_for_certain", refused_together_stuck_alone)
    group = GroupCommit(pool, hall)
    on_its_way, not_begun = (asyncio.create_task(group.enqueue([new()])) for _ in range(2))
    await eventually(lambda: sizes == [2, 1])
    await group.stop()
    with pytest.raises(OutcomeUnknown):
        await on_its_way
    with pytest.raises(StoreUnavailable, match="stopping; nothing was enqueued"):
        await not_begun
    assert hall.expected == set()


async def test_a_service_that_never_began_stops(pool: Pool, hall: Hall) -> None:
    await GroupCommit(pool, hall).stop()


@pytest.mark.parametrize("before", [False, True], ids=["the answer is lost", "the request is lost"])
async def test_a_group_whose_answer_is_lost_is_enqueued_once_and_said_to_be_created(
    before: bool, database_url: str, hall: Hall, conn: Connection
) -> None:
    async with CuttableLine(database_url) as line, create_pool(line.url, role="test", size=2) as far_pool:
        group = GroupCommit(far_pool, hall)
        cut = line.lose(b"marker", before=before)
        requests = [[new("marker")] for _ in range(30)]
        answers = await together(group, requests)
        await group.stop()
    assert cut()
    assert all(answer[0].created for answer in answers)
    assert await known(conn) == {task.id for [task] in requests} == set(hall.created)


async def test_a_group_whose_end_stays_unknown_tells_each_its_own_id(database_url: str, hall: Hall) -> None:
    async with CuttableLine(database_url) as line, create_pool(line.url, role="test", size=2) as far_pool:
        group = GroupCommit(far_pool, hall)
        line.lose(b"marker", stay_cut=True)
        requests = [[new("marker")] for _ in range(3)]
        answers = await together(group, requests)
        await group.stop()
    for [task], answer in zip(requests, answers, strict=True):
        assert isinstance(answer, OutcomeUnknown)
        assert f"send it again with task_id {task.id}" in answer.detail
    assert hall.expected == set()


async def test_without_postgresql_those_who_wait_are_refused_together_not_one_after_the_other(
    group: GroupCommit, pool: Pool, doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_LEAST_WAIT", 0.01)
    monkeypatch.setattr(waiting, "ROWS", 1)
    pool.timeout = 0.2
    waits: list[float] = []

    async def nobody(pool: Pool, tasks: Sequence[NewTask], *, within: float, **_: object) -> list[Enqueued]:
        waits.append(within)
        await asyncio.sleep(within)
        raise StoreUnavailable("no connection")

    monkeypatch.setattr(group_commit, "enqueue_for_certain", nobody)
    answers = await together(group, [[new()] for _ in range(20)])
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 20
    assert len(set(map(id, answers))) == 20, "an error for each, since raising writes into it"
    assert sum(waits) < 2 * 0.2 + 20 * 0.01 + 0.2
