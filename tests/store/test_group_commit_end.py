"""Group commit when it stops, when its answer is lost and when PostgreSQL is away: nobody is left without an answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from cluster.core.errors import InvalidTask, OutcomeUnknown, StoreUnavailable
from cluster.core.new_task import NewTask
from cluster.store import group_commit, waiting
from cluster.store.enqueue import Enqueued
from cluster.store.group_commit import GroupCommit
from cluster.store.pool import Connection, Pool, create_pool
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import CuttableLine
from tests.store.grouping import Doorway, Hall, in_the_way, known, serving, together
from tests.store.made import new


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
