"""The connection dies between an enqueue and its answer: the ids say how it ended."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import pytest

from cluster.core.errors import OutcomeUnknown, StoreUnavailable
from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.store.certainty import enqueue_for_certain
from cluster.store.pool import Connection, Pool, create_pool
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire import taskmaster_pb2_grpc as rpc
from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import CuttableLine, LineInThread, line_in_thread
from tests.store.made import claim, finish, session
from tests.trouble.cast import cluster_of, ending_well, is_a_problem, runs_of
from tests.trouble.server import Server

MARKER = "lost-answer"


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[CuttableLine]:
    async with CuttableLine(database_url) as line:
        yield line


@pytest.fixture
async def far_pool(line: CuttableLine) -> AsyncIterator[Pool]:
    """A pool at the other end of the line."""
    async with create_pool(line.url, role="test", size=3) as pool:
        yield pool


async def ids_of(conn: Connection) -> list[UUID]:
    cursor = await conn.execute("SELECT id FROM all_tasks ORDER BY id")
    return [UUID(str(task_id)) for (task_id,) in await cursor.fetchall()]


def some(count: int = 1, **fields: object) -> list[NewTask]:
    return [NewTask(id=new_id(), command=MARKER, **fields) for _ in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [False, True], ids=["the answer is lost", "the request is lost"])
@pytest.mark.parametrize("count", [1, 300])
async def test_a_task_whose_answer_was_lost_is_enqueued_once_and_said_to_be_created(
    before: bool, count: int, line: CuttableLine, far_pool: Pool, conn: Connection
) -> None:
    tasks = some(count)
    cut = line.lose(MARKER.encode(), before=before)

    answers = await enqueue_for_certain(far_pool, tasks)

    assert cut()
    assert [answer.id for answer in answers] == [task.id for task in tasks]
    assert all(answer.created and answer.ready for answer in answers)
    assert sorted(await ids_of(conn)) == sorted(task.id for task in tasks)


@pytest.mark.parametrize("marker", [MARKER, "COMMIT"], ids=["at its statement", "at its commit"])
@pytest.mark.parametrize("fields", [{"id_given": True}, {"unique_key": "one"}], ids=["own id", "unique key"])
async def test_ids_and_keys_of_the_callers_own_are_resolved_too(
    fields: dict[str, object], marker: str, line: CuttableLine, far_pool: Pool, conn: Connection
) -> None:
    [task] = some(**fields)
    cut = line.lose(marker.encode())

    [answer] = await enqueue_for_certain(far_pool, [task])

    assert cut()
    assert answer.id == task.id
    assert await ids_of(conn) == [task.id]


async def test_a_task_that_has_even_finished_meanwhile_is_not_enqueued_again(
    line: CuttableLine, far_pool: Pool, conn: Connection
) -> None:
    [task] = some()
    cut = line.lose(MARKER.encode(), stay_cut=True)
    enqueuing = asyncio.create_task(enqueue_for_certain(far_pool, [task]))
    await eventually(cut)
    [leased] = await claim(conn, await session(conn), 1)
    await finish(conn, leased)
    line.mend()

    [answer] = await enqueuing

    assert answer.id == task.id
    assert answer.created
    assert await ids_of(conn) == [task.id]


async def test_when_postgresql_stays_away_the_error_names_the_id_to_repeat_with(
    line: CuttableLine, far_pool: Pool, conn: Connection
) -> None:
    [task] = some()
    line.lose(MARKER.encode(), stay_cut=True)

    with pytest.raises(OutcomeUnknown, match=f"not known whether.*task_id {task.id}"):
        await enqueue_for_certain(far_pool, [task])
    assert await ids_of(conn) == [task.id], "it was committed"


async def test_what_is_known_to_have_failed_is_not_repeated_and_not_called_unknown(
    far_pool: Pool, conn: Connection
) -> None:
    await conn.execute(
        "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
    )
    await conn.execute("CREATE TRIGGER no_space BEFORE INSERT ON tasks EXECUTE FUNCTION no_space()")

    with pytest.raises(StoreUnavailable) as refusal:
        await enqueue_for_certain(far_pool, some())
    assert not isinstance(refusal.value, OutcomeUnknown)
    assert await ids_of(conn) == []


@pytest.fixture(scope="module")
def far(server: Server) -> Iterator[tuple[RunningCluster, LineInThread]]:
    """A cluster at the far end of a line."""
    name = asyncio.run(server.database("far"))
    with line_in_thread(server.url(name)) as line, ending_well(cluster_of(line.url)) as cluster:
        asyncio.run(cluster.up(workers=1))
        yield cluster, line


Far = tuple[RunningCluster, LineInThread]


async def ran_once(cluster: RunningCluster, trace: Path, task_ids: list[str]) -> None:
    """These tasks, and only these, left their trace, each once."""
    tasks = await cluster.finished(task_ids)
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    assert runs_of(trace) == Counter(task_ids)


@pytest.mark.parametrize("before", [False, True], ids=["the answer is lost", "the request is lost"])
@pytest.mark.parametrize("own_id", [False, True], ids=["our id", "own id"])
async def test_a_post_is_answered_with_the_task_that_was_committed(before: bool, own_id: bool, far: Far) -> None:
    cluster, line = far
    trace = cluster.folder / uuid4().hex
    body = {"command": "trace", "payload": {"path": str(trace)}, **({"task_id": str(uuid4())} if own_id else {})}
    cut = line.lose(trace.name.encode(), before=before)

    answer = cluster.http.post("/api/schedule", json=body)

    assert cut()
    assert answer.status_code in ({200, 201} if own_id else {201}), answer.text
    await ran_once(cluster, trace, [answer.json()["task_id"]])


async def test_a_batch_is_answered_with_the_tasks_that_were_committed(far: Far) -> None:
    cluster, line = far
    trace = cluster.folder / uuid4().hex
    cut = line.lose(trace.name.encode())

    task_ids = cluster.enqueue_many("trace", 20, {"path": str(trace)})

    assert cut()
    await ran_once(cluster, trace, task_ids)


async def test_over_grpc_it_is_the_same(far: Far) -> None:
    cluster, line = far
    trace = cluster.folder / uuid4().hex
    cut = line.lose(trace.name.encode())

    async with grpc.aio.insecure_channel(f"127.0.0.1:{cluster.coordinator_port}") as channel:
        stub = rpc.CoordinatorServiceStub(channel)
        payload = json.dumps({"path": str(trace)}).encode()
        answer = await stub.SubmitTask(pb.ClientTaskRequest(command="trace", payload=payload))

    assert cut()
    assert answer.created
    await ran_once(cluster, trace, [answer.task_id])


async def test_a_post_whose_end_stays_unknown_is_refused_with_the_id_that_makes_repeating_safe(far: Far) -> None:
    cluster, line = far
    trace = cluster.folder / uuid4().hex
    body = {"command": "trace", "payload": {"path": str(trace)}}
    line.lose(trace.name.encode(), stay_cut=True)
    try:
        refusal = cluster.http.post("/api/schedule", json=body)
    finally:
        line.mend()

    assert is_a_problem(refusal)
    named = re.search(r"task_id ([0-9a-f-]{36})", refusal.json()["detail"])
    assert named, refusal.text
    await eventually(cluster.is_ready, timeout=20)
    again = cluster.post("/api/schedule", {**body, "task_id": named[1]}, status=200)
    assert again["task_id"] == named[1]
    await ran_once(cluster, trace, [named[1]])
