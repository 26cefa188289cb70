"""How far running tasks are."""

import pytest

from cluster.coordinator import progress
from cluster.core.errors import StoreUnavailable
from cluster.core.limits import PROGRESS_CHARACTERS
from cluster.store import leases as store
from cluster.store.tasks import get_task
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import Lease
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually


@pytest.fixture(autouse=True)
def brisk(monkeypatch) -> None:
    monkeypatch.setattr(progress, "PERIOD", 0.05)


async def shown(conn, task_id) -> tuple[float | None, str | None]:
    row = await get_task(conn, task_id)
    return row.progress, row.progress_message


async def test_progress_is_seen_while_the_task_runs(conn, stub, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    async with watching(stub) as heard:
        await worker.progress(lease, 0.5, "half \0 way")

        async def seen() -> bool:
            return await shown(conn, task_id) == (0.5, "half \ufffd way")

        await eventually(seen)
        event = await heard.event("task_progress")
        assert (event.task_id, event.worker_id) == (str(task_id), worker.worker_id)
        assert "50%: half" in event.msg


async def test_the_latest_word_counts(conn, start_worker, monkeypatch):
    written: list[list[store.Progress]] = []
    write = store.progress

    async def noted(connection, reports):
        written.append(list(reports))
        return await write(connection, reports)

    monkeypatch.setattr(store, "progress", noted)
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    for percent in range(100):
        await worker.progress(lease, percent / 100)
    await worker.progress(lease, 1.0, "x" * 5000)

    async def last() -> bool:
        return await shown(conn, task_id) == (1.0, "x" * PROGRESS_CHARACTERS)

    await eventually(last)
    assert sum(map(len, written)) < 100


@pytest.mark.parametrize(("told", "kept"), [(-3.0, 0.0), (7.0, 1.0), (float("nan"), 0.0), (float("inf"), 1.0)])
async def test_progress_is_between_nothing_and_all(conn, start_worker, told, kept):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await worker.progress(lease, told)

    async def seen() -> bool:
        return await shown(conn, task_id) == (kept, "")

    await eventually(seen)


async def test_progress_of_a_lease_that_is_not_the_workers_is_dropped(conn, start_worker):
    worker = await start_worker(slots=2)
    other, own = await add(conn, 2)
    leases = {lease.task_id: lease for lease in await worker.given(2)}
    wrong = Lease(task_id=other.bytes, lease_token=leases[other.bytes].lease_token + 1)
    await worker.progress(wrong, 0.9)
    await worker.progress(leases[own.bytes], 0.1)

    async def seen() -> bool:
        return (await shown(conn, own))[0] is not None

    await eventually(seen)
    assert await shown(conn, other) == (None, None)


async def test_a_simple_worker_tells_progress_by_calls(conn, stub, start_worker):
    worker = await start_worker(streaming=False)
    [task_id] = await add(conn)
    [request] = await eventually(lambda: worker.requests)
    answer = await stub.UpdateTaskStatus(
        pb.UpdateTaskStatusRequest(
            task_id=request.task_id,
            worker_id=worker.worker_id,
            lease_token=request.lease_token,
            status=pb.STARTED,
            progress=0.25,
            progress_message="a quarter",
        )
    )
    assert answer.accepted

    async def seen() -> bool:
        return await shown(conn, task_id) == (0.25, "a quarter")

    await eventually(seen)


async def test_progress_survives_an_outage_but_takes_no_more_room_than_is_for_it(conn, start_worker, monkeypatch):
    monkeypatch.setattr(progress, "MOST", 2)
    write = store.progress

    async def away(*_):
        raise StoreUnavailable

    monkeypatch.setattr(store, "progress", away)
    worker = await start_worker(slots=3)
    ids = await add(conn, 3)
    leases = {lease.task_id: lease for lease in await worker.given(3)}
    for task_id in ids:
        await worker.progress(leases[task_id.bytes], 0.1)
    await worker.progress(leases[ids[0].bytes], 0.2)
    await worker.complete([leases[ids[2].bytes]])
    await worker.settled()
    monkeypatch.setattr(store, "progress", write)

    async def seen() -> bool:
        return [(await shown(conn, task_id))[0] for task_id in ids[:2]] == [
            pytest.approx(0.2),
            pytest.approx(0.1),
        ]

    await eventually(seen)
    assert (await look(conn, ids[2])).finished_at is not None


@pytest.mark.parametrize("code", ["23514", "XX001"])
async def test_a_word_that_postgresql_refuses_costs_no_other_word_and_is_not_tried_again(conn, start_worker, code):
    await conn.execute(
        f"""CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'odd' USING ERRCODE = '{code}';
            END $$;
            CREATE TRIGGER odd BEFORE UPDATE ON tasks FOR EACH ROW WHEN (NEW.progress_message = 'odd')
            EXECUTE FUNCTION odd()""".encode()
    )
    worker = await start_worker(slots=7)
    ids = await add(conn, 7)
    leases = {lease.task_id: lease for lease in await worker.given(7)}
    odd = {ids[2], ids[3]}
    words = [
        pb.TaskProgress(
            task_id=task_id.bytes,
            lease_token=leases[task_id.bytes].lease_token,
            progress=0.5,
            message="odd" if task_id in odd else "even",
        )
        for task_id in ids
    ]
    await worker.say(*words)

    async def seen() -> bool:
        told = [(await shown(conn, task_id))[1] for task_id in ids]
        return told == [None if task_id in odd else "even" for task_id in ids]

    await eventually(seen)
    await worker.progress(leases[ids[2].bytes], 0.75, "better")

    async def mended() -> bool:
        return await shown(conn, ids[2]) == (0.75, "better")

    await eventually(mended)
