"""Outcomes that come too late are refused, noted with their task, counted and told: once."""

import asyncio
from uuid import UUID

import grpc
import pytest

from cluster.core.errors import StoreRejected, StoreUnavailable
from cluster.core.task import State
from cluster.store import leases as store
from cluster.store.counters import totals
from cluster.store.leases import Held
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import Lease, outcome
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually


async def trail(conn, task_id: UUID) -> list[dict]:
    row = await (await conn.execute("SELECT attempts FROM all_tasks WHERE id = %s", [task_id])).fetchone()
    return row[0] or []


async def stale_notes(conn, task_id: UUID) -> list[tuple[str, int, str]]:
    return [
        (note["worker_id"], note["token"], note["error"])
        for note in await trail(conn, task_id)
        if note["outcome"] == "stale"
    ]


async def taken_away(conn, worker, task_id: UUID) -> Lease:
    """The lease of a task that was given to a worker and is not its any more; the worker holds the task's new lease."""
    [lease] = await worker.given(1)
    await store.release(conn, [Held(task_id, lease.lease_token)])
    return lease


async def test_an_outcome_refused_by_postgresql_is_noted(conn, stub, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    async with watching(stub) as heard:
        lease = await taken_away(conn, worker, task_id)
        await worker.report(outcome(lease, pb.FAILED, error="Traceback\nValueError: no"))
        await worker.settled()
        assert await stale_notes(conn, task_id) == [
            (worker.worker_id, lease.lease_token, "failed: Traceback\nValueError: no")
        ]
        assert [(ref.task_id, ref.lease_token) for ref in worker.stale] == [(lease.task_id, lease.lease_token)]
        event = await heard.event("task_stale")
        assert (event.task_id, event.worker_id, event.level) == (str(task_id), worker.worker_id, "warning")
        assert "ValueError: no" in event.msg
    assert (await totals(conn)).stale == 1


async def test_an_outcome_of_a_lease_that_is_not_remembered_is_noted(conn, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    old = await taken_away(conn, worker, task_id)
    # Its outcome tells this coordinator that the lease is over, so that it forgets it.
    await worker.report(outcome(old, pb.RELEASED))
    new = (await worker.given(2))[1]
    await worker.report(outcome(old, pb.COMPLETE))
    await worker.settled()
    assert await stale_notes(conn, task_id) == [(worker.worker_id, old.lease_token, "completed")]
    await worker.complete([new])
    await worker.settled()
    assert (await look(conn, task_id)).state is State.COMPLETE


async def test_starts_and_releases_that_come_late_are_no_news(conn, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    old = await taken_away(conn, worker, task_id)
    await worker.report(outcome(old, pb.RELEASED))
    await worker.given(2)
    await worker.report(outcome(old, pb.STARTED), outcome(old, pb.RELEASED))
    await worker.settled()
    assert await trail(conn, task_id) == []
    assert (await totals(conn)).stale == 0
    assert len(worker.stale) == 3


async def test_an_outcome_that_was_accepted_is_not_stale_when_it_is_told_again(conn, start_worker):
    worker = await start_worker()
    done, failed = await add(conn, 2)
    leases = {lease.task_id: lease for lease in await worker.given(2)}
    told = [
        outcome(leases[done.bytes], pb.COMPLETE),
        outcome(leases[failed.bytes], pb.FAILED, error="once", retry_in_seconds=3600),
    ]
    for _ in range(3):
        await worker.report(*told)
        await worker.settled()
    assert (await totals(conn)).stale == 0
    assert await trail(conn, done) == []
    assert [note["outcome"] for note in await trail(conn, failed)] == ["failed"]


async def test_a_stale_outcome_is_noted_once_however_often_it_is_told(conn, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    lease = await taken_away(conn, worker, task_id)
    for _ in range(3):
        await worker.report(outcome(lease, pb.COMPLETE))
        await worker.settled()
    assert len(await stale_notes(conn, task_id)) == 1
    assert (await totals(conn)).stale == 1


@pytest.mark.parametrize(
    ("task_id", "token"), [(b"short", 1), (bytes(16), 2**64 - 1), (bytes(16), 2**63 - 1), (b"", 0)]
)
async def test_what_was_never_a_lease_harms_nobody(conn, start_worker, task_id, token):
    worker = await start_worker()
    await worker.report(pb.TaskOutcome(task_id=task_id, lease_token=token, status=pb.COMPLETE))
    await worker.settled()
    assert [(ref.task_id, ref.lease_token) for ref in worker.stale] == [(task_id, token)]
    assert (await totals(conn)).stale == 0


async def test_a_worker_without_a_session_here_is_told_and_its_outcome_noted(conn, stub, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    lease = await taken_away(conn, worker, task_id)
    report = pb.UpdateTaskStatusRequest(
        task_id=str(task_id), lease_token=lease.lease_token, worker_id="a stranger\0", status=pb.COMPLETE
    )
    for _ in range(2):
        answer = await stub.UpdateTaskStatus(report)
        assert not answer.accepted
        assert "no session here" in answer.detail
    assert await stale_notes(conn, task_id) == [("a stranger\ufffd", lease.lease_token, "completed")]


async def test_the_outcome_of_a_lease_that_holds_is_asked_for_again_when_it_came_before_the_heartbeat(
    conn, stub, start_worker
):
    """To a coordinator that has just started, or to another one: to answer "drop it" would lose the outcome."""
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    report = pb.UpdateTaskStatusRequest(
        task_id=str(task_id), lease_token=lease.lease_token, worker_id="moved", status=pb.COMPLETE
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.UpdateTaskStatus(report)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert await trail(conn, task_id) == []
    await worker.complete([lease])
    await worker.settled()
    assert (await look(conn, task_id)).state is State.COMPLETE


async def test_a_refused_outcome_whose_note_was_not_answered_is_not_called_accepted(conn, start_worker, monkeypatch):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    lease = await taken_away(conn, worker, task_id)
    note, lost = store.note_stale, []

    async def cut_off_once(*args):
        noted = await note(*args)
        if not lost:
            lost.append(noted)
            raise StoreUnavailable("the line was cut after COMMIT")
        return noted

    monkeypatch.setattr(store, "note_stale", cut_off_once)
    await worker.report(outcome(lease, pb.COMPLETE))
    await worker.settled()
    assert lost == [{task_id}]
    assert len(await stale_notes(conn, task_id)) == 1
    assert [ref.lease_token for ref in worker.stale] == [lease.lease_token]
    assert (await totals(conn)).completed == 0


async def test_an_outcome_noted_as_stale_is_not_taken_for_accepted_after_an_outage(conn, start_worker, monkeypatch):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    lease = await taken_away(conn, worker, task_id)
    await store.note_stale(conn, [store.Late(Held(task_id, lease.lease_token), worker.worker_id, "completed")])
    finish, lost = store.finish, []

    async def cut_off_once(*args):
        if not lost:
            lost.append(args)
            raise StoreUnavailable("the line was cut")
        return await finish(*args)

    monkeypatch.setattr(store, "finish", cut_off_once)
    await worker.report(outcome(lease, pb.COMPLETE))
    await worker.settled()
    assert lost
    assert [ref.lease_token for ref in worker.stale] == [lease.lease_token]


async def test_a_note_that_cannot_be_stored_holds_nobody_up(conn, start_worker, monkeypatch):
    async def refuse(*_):
        raise StoreRejected("no room for notes")

    monkeypatch.setattr(store, "note_stale", refuse)
    worker = await start_worker(slots=2)
    first, second = await add(conn, 2)
    leases = {lease.task_id: lease for lease in await worker.given(2)}
    await store.release(conn, [Held(first, leases[first.bytes].lease_token)])
    await worker.complete(list(leases.values()))
    await worker.settled()
    assert (await look(conn, second)).state is State.COMPLETE
    await eventually(lambda: len(worker.leases) == 3)


@pytest.mark.parametrize("held", [True, False], ids=["held", "taken away"])
async def test_an_outcome_that_is_told_again_before_it_is_settled_is_answered_as_it_is_settled(
    conn, coordinator, stub, start_worker, monkeypatch, held
):
    finish, let = store.finish, asyncio.Event()
    submit, told = coordinator._finisher.submit, []

    async def slow(*args):
        await let.wait()
        return await finish(*args)

    def noted(batch):
        told.append(batch)
        submit(batch)

    monkeypatch.setattr(store, "finish", slow)
    monkeypatch.setattr(coordinator._finisher, "submit", noted)
    worker = await start_worker(slots=1, streaming=False)
    [task_id] = await add(conn)
    [request] = await eventually(lambda: worker.requests)
    if not held:
        await store.release(conn, [Held(task_id, request.lease_token)])
    report = pb.UpdateTaskStatusRequest(
        task_id=str(task_id), lease_token=request.lease_token, worker_id=worker.worker_id, status=pb.COMPLETE
    )
    calls = [asyncio.ensure_future(stub.UpdateTaskStatus(report)) for _ in range(3)]
    await eventually(lambda: len(told) == 3)
    let.set()
    assert [answer.accepted for answer in await asyncio.gather(*calls)] == [held] * 3
