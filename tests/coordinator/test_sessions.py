"""Workers come, stay, move and go."""

import grpc
import pytest

from cluster.coordinator import losses
from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.store.sessions import live_sessions
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import PeerWorker
from tests.fixtures.eventually import eventually


async def test_the_first_heartbeat_registers_and_the_next_keep_alive(conn, start_worker, heartbeat):
    worker = await start_worker(name="w", slots=3)
    answer = await worker.heartbeat(rss_bytes=1234)
    assert answer.session_id == worker.session_id > 0
    assert (answer.interval_seconds, answer.misses) == (heartbeat, 3)
    [row] = await live_sessions(conn)
    assert (row.name, row.slots, row.handlers) == ("w", 3, ["noop"])

    async def noted() -> bool:
        [row] = await live_sessions(conn)
        return row.rss_bytes == 1234

    await eventually(noted)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"address": "nowhere"}, "address"),
        ({"address": "host:99999"}, "address"),
        ({"address": "host:" + "9" * 5000}, "address"),
        ({"address": "host:٣"}, "address"),
        ({"address": "[]:1"}, "address"),
        ({"address": "foo..bar:1"}, "label"),
        ({"address": "a" * 64 + ".example:1"}, "label"),
        ({"address": "a." * 127 + ":1"}, "253"),
        ({"slots": 5000}, "slots"),
        ({"name": "a\nb"}, "name"),
        ({"commands": ["x" * 201]}, "commands"),
        ({"rss_bytes": 2**64 - 1}, "rss_bytes"),
        ({"loop_lag_seconds": float("nan")}, "loop_lag_seconds"),
        ({"loop_lag_seconds": 1e300}, "loop_lag_seconds"),
        ({"handlers": [pb.Handler(command="x", timeout_seconds=float("inf"))]}, "timeout_seconds"),
        ({"handlers": [pb.Handler(command="x", max_attempts=2**32 - 1)]}, "max_attempts"),
        ({"handlers": [pb.Handler(command="x", backoff=pb.Backoff(first_seconds=-1, factor=2))]}, "first"),
        ({"handlers": [pb.Handler(command="x", backoff=pb.Backoff(factor=float("nan")))]}, "factor"),
        ({"commands": [f"c{n}" for n in range(1001)]}, "at most 1000 commands"),
        ({"host": "x" * 256}, "host"),
        ({"pid": -1}, "pid"),
        ({"blocked_by": "a\nb"}, "blocked_by"),
        ({"blocked_seconds": float("inf")}, "blocked_seconds"),
    ],
)
async def test_a_heartbeat_that_makes_no_sense_says_what_to_change(stub, change, word):
    async with PeerWorker(stub) as worker:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await worker.heartbeat(**change)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert word in refused.value.details()


async def test_the_tasks_of_a_dead_process_run_elsewhere(conn, start_worker):
    doomed = await start_worker(name="doomed", slots=2)
    ids = await add(conn, 2)
    await doomed.given(2)
    heir = await start_worker(name="heir", slots=2)
    await doomed.stop()
    leases = await heir.given(2)
    assert {lease.task_id for lease in leases} == {task_id.bytes for task_id in ids}
    assert [lease.attempt for lease in leases] == [1, 1]
    [row] = await live_sessions(conn)
    assert row.name == "heir"


@pytest.mark.parametrize("heartbeat", [0.4])
@pytest.mark.parametrize(("takes_connections", "crashes"), [(True, 1), (False, 0)], ids=["frozen", "cut off"])
async def test_a_worker_that_misses_its_heartbeats_is_lost_and_its_late_report_refused(
    conn, coordinator, start_worker, monkeypatch, takes_connections, crashes
):
    """A task may be what froze it; that it is cut off is nobody's fault."""
    # On a machine that stands still for a moment the leader would see it expire first.
    coordinator._sessions._lifetime = 3600.0

    async def no_answer(_address: str) -> bool:
        return False

    if not takes_connections:
        monkeypatch.setattr(losses, "listens", no_answer)
    frozen = await start_worker(name="frozen", slots=1)
    [task_id] = await add(conn)
    [lease] = await frozen.given(1)
    heir = await start_worker(name="heir", slots=1)

    async def inherited() -> bool:
        # Its own heartbeats keep the heir alive meanwhile.
        await heir.heartbeat()
        return bool(heir.leases)

    await eventually(inherited)
    answer = await frozen.heartbeat()
    assert answer.session_id == 0
    assert heir.leases[0].lease_token > lease.lease_token
    await heir.complete(heir.leases)
    await heir.settled()
    row = await look(conn, task_id)
    assert (row.state, row.worker_id, row.crash_count) == (State.COMPLETE, heir.worker_id, crashes)


async def test_a_silent_worker_is_judged_by_its_own_coordinator_before_the_leader_sees_it_expire(
    conn, start_worker, heartbeat
):
    """Only the former asks whether it still takes connections: a frozen one must not pass for one that is cut off."""
    worker = await start_worker(slots=1)
    judged = 3 * heartbeat

    async def outlives() -> list[bool]:
        found = await conn.execute(
            "SELECT expires_at > last_heartbeat + %s * interval '1 s' FROM sessions", [judged + 1]
        )
        return [row[0] for row in await found.fetchall()]

    assert await outlives() == [True], "as it was registered"
    await conn.execute("UPDATE sessions SET expires_at = last_heartbeat + %s * interval '1 s'", [judged])
    await worker.heartbeat()

    async def prolonged() -> bool:
        return await outlives() == [True]

    await eventually(prolonged)


async def test_a_broken_stream_is_dialled_again_and_lost_leases_are_given_back(conn, start_worker):
    worker = await start_worker(slots=2)
    kept, lost = await add(conn, 2)
    leases = {lease.task_id: lease for lease in await worker.given(2)}
    held = leases[kept.bytes]
    worker.holding = [pb.LeaseRef(task_id=held.task_id, lease_token=held.lease_token)]
    await worker.end_stream()
    await eventually(lambda: worker.streams == 2)
    again = (await worker.given(3))[2]
    assert again.task_id == lost.bytes
    assert again.lease_token != leases[lost.bytes].lease_token
    await worker.complete([held])
    await worker.settled()
    assert (await look(conn, kept)).state is State.COMPLETE


async def test_a_draining_worker_gets_nothing_more(conn, start_worker):
    leaving = await start_worker(name="leaving", slots=5)
    await leaving.heartbeat(draining=True)
    staying = await start_worker(name="staying", slots=5)
    await add(conn, 5)
    await staying.given(5)
    assert not leaving.leases


async def test_a_worker_carries_its_session_to_another_coordinator(conn, settings, start_worker):
    worker = await start_worker(slots=2)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    first = worker.session_id
    second = Coordinator(settings)
    await second.start()
    try:
        async with open_channel(f"127.0.0.1:{second.port}") as channel:
            worker.coordinator = CoordinatorServiceStub(channel)
            worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token)]
            answer = await worker.heartbeat()
            assert answer.session_id == first
            await eventually(lambda: worker.streams == 2)
            await worker.complete([lease])
            await worker.settled()
            assert (await look(conn, task_id)).state is State.COMPLETE
    finally:
        await second.stop()


async def test_a_restarted_coordinator_takes_over_what_still_runs(conn, settings, database_url):
    first = Coordinator(settings)
    await first.start()
    async with (
        open_channel(f"127.0.0.1:{first.port}") as channel,
        PeerWorker(CoordinatorServiceStub(channel)) as worker,
    ):
        await worker.heartbeat()
        [task_id] = await add(conn)
        [lease] = await worker.given(1)
        await first.stop()
        assert (await look(conn, task_id)).state is State.LEASED
        second = Coordinator(settings)
        await second.start()
        try:
            async with open_channel(f"127.0.0.1:{second.port}") as other:
                worker.coordinator = CoordinatorServiceStub(other)
                worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token)]
                await worker.heartbeat()
                await eventually(lambda: worker.streams == 2)
                await worker.complete([lease])
                await worker.settled()
        finally:
            await second.stop()
    row = await look(conn, task_id)
    assert (row.state, row.attempt) == (State.COMPLETE, 1)


async def test_a_simple_worker_gets_calls_and_reports_by_calls(conn, stub, start_worker):
    worker = await start_worker(streaming=False, slots=1, commands=["reverse"])
    [task_id] = await add(conn, command="reverse", payload=b'{"text": "abc"}')
    await eventually(lambda: worker.requests)
    [request] = worker.requests
    assert (request.task_id, request.payload, request.attempt) == (str(task_id), b'{"text": "abc"}', 1)
    facts = {"task_id": request.task_id, "worker_id": worker.worker_id, "lease_token": request.lease_token}
    assert (await stub.UpdateTaskStatus(pb.UpdateTaskStatusRequest(status=pb.STARTED, **facts))).accepted
    assert (await look(conn, task_id)).state is State.RUNNING
    done = pb.UpdateTaskStatusRequest(status=pb.COMPLETE, result=b'"cba"', **facts)
    assert (await stub.UpdateTaskStatus(done)).accepted
    assert (await look(conn, task_id)).result == b'"cba"'
    late = await stub.UpdateTaskStatus(done)
    assert not late.accepted
    assert "no longer" in late.detail


async def test_a_task_that_a_simple_worker_refuses_is_given_back(conn, start_worker):
    worker = await start_worker(streaming=False, slots=1)
    worker.refuses = True
    [task_id] = await add(conn)
    await eventually(lambda: worker.requests)

    async def ready() -> bool:
        return (await look(conn, task_id)).state is State.READY

    await eventually(ready)
    worker.refuses = False
    await eventually(lambda: len(worker.requests) == 2)


async def test_who_comes_to_the_address_of_another_worker_has_replaced_it(conn, stub, start_worker):
    gone = await start_worker(name="gone")
    [task_id] = await add(conn)
    [lease] = await gone.given(1)
    heir = PeerWorker(stub, name="heir")
    await heir.heartbeat(address=gone.address)
    [row] = await live_sessions(conn)
    assert row.worker_id == heir.worker_id
    # Its process is gone, and nobody said that it would: perhaps it was this task.
    assert (await look(conn, task_id)).crash_count == 1
    assert (await gone.heartbeat()).session_id == 0
    assert lease.attempt == 1


async def test_what_a_simple_worker_was_not_said_to_run_is_given_back_when_its_session_moves(conn, settings):
    first, second = Coordinator(settings), Coordinator(settings)
    await first.start()
    async with (
        open_channel(f"127.0.0.1:{first.port}") as channel,
        PeerWorker(CoordinatorServiceStub(channel), streaming=False, slots=2) as worker,
    ):
        await worker.heartbeat()
        ids = await add(conn, 2)
        await eventually(lambda: len(worker.requests) == 2)
        runs, lost = worker.requests
        facts = {"task_id": runs.task_id, "worker_id": worker.worker_id, "lease_token": runs.lease_token}
        await worker.coordinator.UpdateTaskStatus(pb.UpdateTaskStatusRequest(status=pb.STARTED, **facts))
        await first.stop()
        await second.start()
        try:
            async with open_channel(f"127.0.0.1:{second.port}") as other:
                worker.coordinator = CoordinatorServiceStub(other)
                await worker.heartbeat()
                await eventually(lambda: len(worker.requests) == 3)
                assert worker.requests[2].task_id == lost.task_id
                done = pb.UpdateTaskStatusRequest(status=pb.COMPLETE, **facts)
                assert (await worker.coordinator.UpdateTaskStatus(done)).accepted
        finally:
            await second.stop()
    assert {runs.task_id, lost.task_id} == {str(task_id) for task_id in ids}
