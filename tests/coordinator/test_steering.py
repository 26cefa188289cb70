"""Cancel and retry by hand: what is called off ends at once, wherever it is."""

from uuid import UUID, uuid4

import grpc
import pytest

from cluster.coordinator import revoker
from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.store import steering as store
from cluster.store.counters import totals
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import outcome
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually


def these(*ids: UUID) -> pb.TaskSelection:
    return pb.TaskSelection(task_ids=[str(task_id) for task_id in ids])


def told_to_end(worker) -> set[tuple[bytes, int]]:
    return {(ref.task_id, ref.lease_token) for ref in worker.stale}


async def test_a_cancelled_task_is_ended_and_its_slot_is_free_at_once(conn, stub, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.STARTED))
    await worker.settled()
    [after] = await add(conn)
    async with watching(stub) as heard:
        [change] = (await stub.CancelTasks(these(task_id))).changes
        assert (change.changed, change.was, change.status, change.detail) == (True, "running", "CANCELLED", "")
        assert (await look(conn, task_id)).state is State.CANCELLED
        await eventually(lambda: told_to_end(worker) == {(lease.task_id, lease.lease_token)})
        assert (await worker.given(2))[1].task_id == after.bytes
        event = await heard.event("task_cancelled")
        assert (event.task_id, event.worker_id) == (str(task_id), worker.worker_id)
        assert "by hand; it was running" in event.msg


async def test_the_late_outcome_of_a_cancelled_task_is_stale(conn, stub, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await stub.CancelTasks(these(task_id))
    await worker.complete([lease])
    await worker.settled()
    row = await look(conn, task_id)
    assert (row.state, row.result) == (State.CANCELLED, None)
    assert (await totals(conn)).stale == 1


async def test_to_cancel_twice_changes_nothing(conn, stub):
    [task_id] = await add(conn)
    assert [change.changed for change in (await stub.CancelTasks(these(task_id, task_id))).changes] == [True]
    [again] = (await stub.CancelTasks(these(task_id))).changes
    assert (again.changed, again.was, again.status) == (False, "cancelled", "CANCELLED")
    assert again.detail == "it is cancelled already"
    assert (await totals(conn)).cancelled == 1


async def test_what_has_ended_cannot_be_cancelled_and_what_is_unknown_is_not_answered(conn, stub, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    await worker.complete(await worker.given(1))
    await worker.settled()
    [change] = (await stub.CancelTasks(these(task_id, uuid4()))).changes
    assert (change.changed, change.status) == (False, "COMPLETE")
    assert "it is complete; what has ended cannot be cancelled" in change.detail


async def test_a_failed_task_runs_again_by_hand(conn, stub, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn, max_attempts=1)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="no"))
    await worker.settled()
    async with watching(stub) as heard:
        [change] = (await stub.RetryTasks(these(task_id))).changes
        assert (change.changed, change.was, change.status) == (True, "failed", "QUEUED")
        again = (await worker.given(2))[1]
        assert (again.task_id, again.attempt) == (task_id.bytes, 1)
        await heard.event("task_retried")
    [twice] = (await stub.RetryTasks(these(task_id))).changes
    assert (twice.changed, twice.detail) == (False, "it is going to run or running already")


async def test_a_unique_key_that_a_live_task_holds_keeps_another_from_running_again(conn, stub):
    [first] = await add(conn, unique_key="k")
    await stub.CancelTasks(these(first))
    [second] = await add(conn, unique_key="k")
    [change] = (await stub.RetryTasks(these(first))).changes
    assert not change.changed
    assert change.detail == f"a live task holds its unique_key: {second}"


async def test_tasks_are_selected_by_filters(conn, stub):
    kept = await add(conn, 2, command="kept", queue="q")
    gone = await add(conn, 3, command="gone", queue="q")
    answer = await stub.CancelTasks(pb.TaskSelection(status="QUEUED", queue="q", command="gone", limit=2))
    assert [change.changed for change in answer.changes] == [True, True]
    assert answer.more
    rest = await stub.CancelTasks(pb.TaskSelection(queue="q", command="gone"))
    assert [change.changed for change in rest.changes] == [True]
    assert not rest.more
    assert {(await look(conn, task_id)).state for task_id in kept} == {State.READY}
    assert {(await look(conn, task_id)).state for task_id in gone} == {State.CANCELLED}
    back = await stub.RetryTasks(pb.TaskSelection(status="CANCELLED", limit=10))
    assert {change.task_id for change in back.changes} == {str(task_id) for task_id in gone}


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, "say which tasks"),
        ({"task_ids": [str(uuid4())], "queue": "q"}, "either task_ids, or"),
        ({"task_ids": ["7"]}, "UUIDs"),
        ({"task_ids": [str(uuid4())] * 10_001}, "at most 10000"),
        ({"queue": "q", "limit": 10_001}, "at most 10000"),
        ({"status": "BUSY"}, "QUEUED, STARTED, COMPLETE, FAILED, CANCELLED"),
        ({"queue": "q" * 101}, "queue"),
        ({"command": "a\0b"}, "command"),
        ({"worker": "a\nb"}, "worker"),
    ],
)
@pytest.mark.parametrize("call", ["CancelTasks", "RetryTasks"])
async def test_a_selection_that_makes_no_sense_says_what_to_change(stub, call, facts, word):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(stub, call)(pb.TaskSelection(**facts))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert word in refused.value.details()


async def test_many_tasks_are_cancelled_in_statements_of_a_bounded_size(conn, stub):
    ids = await add(conn, 2500)
    answer = await stub.CancelTasks(these(*ids))
    assert sum(change.changed for change in answer.changes) == 2500
    assert (await totals(conn)).cancelled == 2500


async def test_a_lease_that_somebody_else_ended_is_taken_away_when_that_is_told(conn, stub, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    [change] = await store.cancel(conn, [task_id])
    ended = pb.EndedLease(session_id=change.session_id, task_id=task_id.bytes, lease_token=change.token)
    await stub.Wake([pb.WakeRequest(ended=[ended, ended])])
    await eventually(lambda: told_to_end(worker) == {(lease.task_id, lease.lease_token)})
    await add(conn)
    await worker.given(2)


@pytest.mark.parametrize("change", [{"session_id": 99}, {"lease_token": 99}, {"task_id": b"?"}])
async def test_an_ended_lease_that_is_not_known_here_is_somebody_elses(conn, stub, start_worker, change):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    facts = {"session_id": worker.session_id, "task_id": lease.task_id, "lease_token": lease.lease_token}
    await stub.Wake([pb.WakeRequest(ended=[pb.EndedLease(**(facts | change))])])
    await worker.complete([lease])
    await worker.settled()
    assert (await look(conn, task_id)).state is State.COMPLETE


@pytest.fixture
def brisk(monkeypatch) -> None:
    monkeypatch.setattr(revoker, "LOOK", 0.1)


async def test_a_lease_that_ended_untold_is_noticed(brisk, conn, start_worker):
    worker = await start_worker(slots=2)
    ids = await add(conn, 2)
    leases = {lease.task_id: lease for lease in await worker.given(2)}
    await store.cancel(conn, ids[:1])
    gone, kept = leases[ids[0].bytes], leases[ids[1].bytes]
    await eventually(lambda: told_to_end(worker) == {(gone.task_id, gone.lease_token)})
    await worker.complete([kept])
    await worker.settled()
    assert (await look(conn, ids[1])).state is State.COMPLETE
    assert told_to_end(worker) == {(gone.task_id, gone.lease_token)}


async def test_more_leases_than_one_look_looks_up_have_their_turn(brisk, conn, start_worker, monkeypatch):
    monkeypatch.setattr(revoker, "MOST", 2)
    monkeypatch.setattr(revoker, "STATEMENT", 1)
    worker = await start_worker(slots=7)
    ids = await add(conn, 7)
    await worker.given(7)
    await store.cancel(conn, ids)
    await eventually(lambda: {key for key, _ in told_to_end(worker)} == {task_id.bytes for task_id in ids})


async def test_a_worker_that_was_not_reached_hears_of_a_cancelled_task_on_its_next_stream(conn, stub, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await store.cancel(conn, [task_id])
    worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token)]
    await worker.end_stream()
    ended = pb.EndedLease(session_id=worker.session_id, task_id=lease.task_id, lease_token=lease.lease_token)
    await stub.Wake([pb.WakeRequest(ended=[ended])])
    await eventually(lambda: worker.streams == 2)
    await eventually(lambda: told_to_end(worker) == {(lease.task_id, lease.lease_token)})


async def test_a_task_of_another_coordinators_worker_is_taken_away_within_seconds(
    brisk, conn, settings, stub, start_worker
):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    await worker.given(1)
    other = Coordinator(settings)
    await other.start()
    try:
        async with open_channel(f"127.0.0.1:{other.port}") as channel:
            [change] = (await CoordinatorServiceStub(channel).CancelTasks(these(task_id))).changes
        assert change.changed
        await eventually(lambda: [key for key, _ in told_to_end(worker)] == [task_id.bytes])
    finally:
        await other.stop()
