"""A row that somebody else has locked costs its own task only, and that one not its outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import grpc
import psycopg
import pytest

from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.runtime.settings import Settings
from cluster.store.counters import totals
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import Lease, PeerWorker, outcome
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually

Hold = Callable[[Sequence[bytes]], Awaitable[psycopg.AsyncConnection]]

LOCKS = (
    "SELECT FROM tasks WHERE id = ANY (%s) FOR UPDATE",
    "UPDATE tasks SET priority = priority WHERE id = ANY (%s)",
)


@pytest.fixture
async def hold(database_url: str) -> AsyncIterator[Hold]:
    """`await hold(task_ids)`: a psql that was forgotten in the middle of a transaction."""
    async with AsyncExitStack() as stack:

        async def begin(task_ids: Sequence[bytes], lock: str = LOCKS[0]) -> psycopg.AsyncConnection:
            holder = await psycopg.AsyncConnection.connect(database_url)
            stack.push_async_callback(holder.close)
            await holder.execute(lock, [[UUID(bytes=task_id) for task_id in task_ids]])
            return holder

        yield begin


async def states(conn, leases: Sequence[Lease]) -> list[State]:
    return [(await look(conn, UUID(bytes=lease.task_id))).state for lease in leases]


async def completed(conn, leases: Sequence[Lease]) -> bool:
    return set(await states(conn, leases)) <= {State.COMPLETE}


@pytest.mark.parametrize("lock", LOCKS)
async def test_one_locked_row_holds_up_nobody_else_and_is_written_when_it_is_free(conn, start_worker, hold, lock):
    worker = await start_worker(slots=50)
    await add(conn, 50)
    first = list(await worker.given(50))
    locked, *others = first
    holder = await hold([locked.task_id], lock)
    await worker.complete(first)
    await eventually(lambda: completed(conn, others))
    for round_ in range(2, 5):
        await add(conn, 50)
        fresh = list(await worker.given(50 * round_))[-50:]
        await worker.complete(fresh)
        await eventually(lambda leases=fresh: completed(conn, leases))
    assert await states(conn, [locked]) == [State.LEASED]
    assert (await totals(conn)).completed == 199
    await holder.rollback()
    await eventually(lambda: completed(conn, [locked]))
    assert (await totals(conn)).completed == 200
    assert not worker.stale


async def test_a_worker_all_of_whose_tasks_are_locked_goes_on_with_new_ones(conn, start_worker, hold):
    worker = await start_worker(slots=20)
    await add(conn, 20)
    first = list(await worker.given(20))
    holder = await hold([lease.task_id for lease in first])
    for lease in first:
        await worker.complete([lease])
    for round_ in (2, 3):
        await add(conn, 20)
        fresh = list(await worker.given(20 * round_))[-20:]
        await worker.complete(fresh)
        await eventually(lambda leases=fresh: completed(conn, leases))
    assert set(await states(conn, first)) == {State.LEASED}
    await holder.rollback()
    await eventually(lambda: completed(conn, first))
    await worker.settled()
    assert not worker.stale


async def test_a_batch_that_was_overtaken_is_settled_when_its_last_row_is_written(conn, start_worker, hold):
    worker = await start_worker(slots=2)
    await add(conn, 2)
    locked, other = await worker.given(2)
    holder = await hold([locked.task_id])
    await worker.complete([locked, other])
    for count in (3, 4):
        await add(conn)
        await worker.complete((await worker.given(count))[-1:])
    await eventually(lambda: worker.settled_through == 3)
    assert worker.overtaken == [1]
    # A worker whose stream broke tells it again, and is not told that it is settled for that.
    worker.holding = [pb.LeaseRef(task_id=locked.task_id, lease_token=locked.lease_token)]
    await worker.end_stream()
    await eventually(lambda: worker.streams == 2)
    worker.sequence = 0
    await worker.complete([locked, other])
    worker.sequence = 3
    await add(conn)
    await worker.complete((await worker.given(5))[-1:])
    await eventually(lambda: worker.settled_through == 4)
    assert worker.overtaken == [1]
    await holder.rollback()
    await worker.settled()
    assert await states(conn, [locked]) == [State.COMPLETE]


async def test_what_was_reported_of_a_locked_row_is_kept_as_it_was(conn, start_worker, hold):
    worker = await start_worker(slots=3)
    await add(conn, 3, max_attempts=5)
    result, failed, released = await worker.given(3)
    holder = await hold([lease.task_id for lease in (result, failed, released)])
    await worker.complete([result], b'{"answer":42}')
    await worker.report(outcome(failed, pb.FAILED, error="no", retry_in_seconds=3600))
    await worker.report(outcome(released, pb.RELEASED))
    await add(conn, 1)
    await worker.complete((await worker.given(4))[3:])
    await eventually(lambda: completed(conn, worker.leases[3:]))
    assert set(await states(conn, [result, failed, released])) == {State.LEASED}
    await holder.commit()
    await eventually(lambda: completed(conn, [result]))
    assert (await look(conn, UUID(bytes=result.task_id))).result == b'{"answer":42}'
    await eventually(lambda: _is(conn, failed, State.SCHEDULED))
    assert (await look(conn, UUID(bytes=failed.task_id))).error == "no"
    again = await eventually(lambda: [lease for lease in worker.leases[3:] if lease.task_id == released.task_id])
    assert (again[0].attempt, again[0].lease_token > released.lease_token) == (1, True)


async def test_its_worker_is_told_only_when_it_is_written(conn, stub, start_worker, hold):
    worker = await start_worker(slots=1, streaming=False)
    [task_id] = await add(conn)
    [request] = await eventually(lambda: worker.requests)
    holder = await hold([task_id.bytes])
    report = pb.UpdateTaskStatusRequest(
        task_id=str(task_id), lease_token=request.lease_token, worker_id=worker.worker_id, status=pb.COMPLETE
    )
    answer = stub.UpdateTaskStatus(report)
    other = await start_worker(slots=1, name="other")
    await add(conn)
    await other.complete(await other.given(1))
    await other.settled()
    assert not answer.done()
    await holder.commit()
    assert (await answer).accepted
    assert (await look(conn, task_id)).state is State.COMPLETE


async def test_a_worker_that_tells_it_again_is_to_come_again_and_not_to_drop_it(
    conn, coordinator, stub, start_worker, hold
):
    worker = await start_worker(slots=1, streaming=False)
    [task_id] = await add(conn)
    [request] = await eventually(lambda: worker.requests)
    holder = await hold([task_id.bytes])
    report = pb.UpdateTaskStatusRequest(
        task_id=str(task_id), lease_token=request.lease_token, worker_id=worker.worker_id, status=pb.COMPLETE
    )
    first = stub.UpdateTaskStatus(report)
    await eventually(lambda: coordinator._finisher._aside)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.UpdateTaskStatus(report)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    await holder.commit()
    assert (await first).accepted


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tasks WHERE id = ANY (%s)",
        "UPDATE tasks SET state = 1, lease_token = NULL, session_id = NULL WHERE id = ANY (%s)",
    ],
)
async def test_what_the_holder_takes_away_is_stale(conn, start_worker, hold, statement):
    worker = await start_worker(slots=50)
    await add(conn, 50)
    first = list(await worker.given(50))
    taken, *others = first
    holder = await hold([taken.task_id], statement)
    await worker.complete(first)
    await eventually(lambda: completed(conn, others))
    assert not worker.stale
    await holder.commit()
    await eventually(lambda: worker.stale)
    assert [(ref.task_id, ref.lease_token) for ref in worker.stale] == [(taken.task_id, taken.lease_token)]
    assert (await totals(conn)).completed == 49


async def test_a_locked_task_that_somebody_cancels_meanwhile_ends_once(conn, stub, start_worker, hold):
    worker = await start_worker(slots=2)
    await add(conn, 2)
    first, second = await worker.given(2)
    task_id = UUID(bytes=first.task_id)
    holder = await hold([first.task_id])
    await worker.complete([first, second])
    await eventually(lambda: completed(conn, [second]))
    cancelling = asyncio.create_task(_cancel(stub, task_id))
    await eventually(lambda: _waiting_for_a_lock(conn))
    await holder.commit()
    cancelled = await cancelling
    await eventually(lambda: _counted(conn))
    # Both want it, and either may get it first.
    assert (await look(conn, task_id)).state is (State.CANCELLED if cancelled else State.COMPLETE)
    rows = await conn.execute("SELECT FROM all_tasks WHERE id = %s", [task_id])
    assert rows.rowcount == 1


async def _cancel(stub: CoordinatorServiceStub, task_id: UUID) -> bool:
    answer = await stub.CancelTasks(pb.TaskSelection(task_ids=[str(task_id)]))
    return answer.changes[0].changed


async def _waiting_for_a_lock(conn) -> bool:
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return (await conn.execute(query)).rowcount == 1


async def _counted(conn) -> bool:
    counted = await totals(conn)
    return counted.completed + counted.cancelled == 2


async def test_a_start_that_could_not_be_written_is_written_later_and_told_once(conn, stub, start_worker, hold):
    worker = await start_worker(slots=2)
    await add(conn, 2)
    first, second = await worker.given(2)
    async with watching(stub) as heard:
        holder = await hold([first.task_id])
        await worker.report(outcome(first, pb.STARTED), outcome(second, pb.STARTED))
        await eventually(lambda: _is(conn, second, State.RUNNING))
        assert await states(conn, [first]) == [State.LEASED]
        await holder.commit()
        await eventually(lambda: _is(conn, first, State.RUNNING))
        await worker.complete([first])
        await eventually(lambda: completed(conn, [first]))
        await heard.event("task_completed")
        told = [event.event for event in heard.events if event.task_id == str(UUID(bytes=first.task_id))]
        assert [name for name in told if name in {"task_started", "task_completed"}] == [
            "task_started",
            "task_completed",
        ]


async def _is(conn, lease: Lease, state: State) -> bool:
    return await states(conn, [lease]) == [state]


async def test_a_note_whose_row_is_locked_is_noted_when_it_is_free(conn, start_worker, hold):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [old] = await worker.given(1)
    await conn.execute("UPDATE tasks SET state = 4, lease_token = NULL, session_id = NULL")
    holder = await hold([old.task_id])
    await worker.report(outcome(old, pb.FAILED, error="too late", permanent=True))
    other = await start_worker(slots=1, name="other", commands=["other"])
    await add(conn, command="other")
    await other.complete(await other.given(1))
    await other.settled()
    assert not worker.stale
    await holder.commit()
    await eventually(lambda: worker.stale)
    row = await (await conn.execute("SELECT attempts FROM tasks WHERE id = %s", [task_id])).fetchone()
    assert [note["error"] for note in row[0]] == ["failed: too late"]


async def test_a_coordinator_that_stops_meanwhile_ends_in_time_and_another_one_writes_it(
    conn, settings: Settings, hold, monkeypatch
):
    monkeypatch.setattr("cluster.coordinator.coordinator.LAST_WRITES", 0.5)
    one, two = Coordinator(settings), Coordinator(settings)
    async with AsyncExitStack() as stack:
        await one.start()
        stack.push_async_callback(one.stop)
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{one.port}"))
        worker = await stack.enter_async_context(PeerWorker(CoordinatorServiceStub(channel), slots=50))
        await worker.heartbeat()
        await add(conn, 50)
        first = list(await worker.given(50))
        holder = await hold([first[0].task_id])
        await worker.complete(first)
        await eventually(lambda: completed(conn, first[1:]))
        await one.stop()
        assert await states(conn, first[:1]) == [State.LEASED]
        await two.start()
        stack.push_async_callback(two.stop)
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{two.port}"))
        worker.coordinator = CoordinatorServiceStub(channel)
        worker.holding = [pb.LeaseRef(task_id=first[0].task_id, lease_token=first[0].lease_token)]
        await worker.heartbeat()
        await eventually(lambda: worker.streams == 2)
        await worker.complete(first)
        await holder.commit()
        await eventually(lambda: completed(conn, first[:1]))
        assert (await totals(conn)).completed == 50
        assert (await totals(conn)).stale == 0
