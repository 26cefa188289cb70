"""The end of a worker's process, as its supervisor saw it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest_asyncio

from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.store.orders import order_kill, order_scale
from cluster.store.sessions import live_sessions
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import PeerWorker
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually

Report = Callable[..., Awaitable[None]]
PLACE = {"host": "here", "pid": 4711}


@pytest_asyncio.fixture
async def tell(stub) -> AsyncIterator[Report]:
    """`await tell(name=…, pid=…, code=…)`: the supervisor's stream says that a child has ended."""
    stream = stub.Supervise()

    async def tell(
        *, host: str = "here", ended_on: str = "", outcomes: Sequence[pb.OrderOutcome] = (), **facts: object
    ) -> None:
        ended = pb.ChildExit(host=ended_on, **({"name": "w", "pid": 4711, "code": -9} | facts))
        await stream.write(pb.SupervisorReport(supervisor_id="s", host=host, exits=[ended], outcomes=outcomes))

    yield tell
    stream.cancel()


async def ended(conn) -> list[tuple[str, bool]]:
    rows = await conn.execute("SELECT end_reason, crashed FROM sessions WHERE ended_at IS NOT NULL ORDER BY id")
    return await rows.fetchall()


async def test_the_tasks_of_a_process_that_was_seen_to_end_run_elsewhere_at_once(conn, stub, start_worker, tell):
    # Its address still answers, so nothing but the report tells of its end.
    doomed = await start_worker(name="w", slots=1, **PLACE)
    [task_id] = await add(conn)
    await doomed.given(1)
    heir = await start_worker(name="heir", slots=1)
    async with watching(stub) as heard:
        await tell()
        assert (await heir.given(1))[0].task_id == task_id.bytes
        offline = await heard.event("worker_offline")
        assert (offline.worker_id, offline.msg) == (
            doomed.worker_id,
            "w is offline: its process was killed by signal 9",
        )
    assert await ended(conn) == [("its process was killed by signal 9", True)]
    assert (await look(conn, task_id)).crash_count == 1
    assert (await doomed.heartbeat()).session_id == 0


async def test_an_end_that_is_told_again_changes_nothing(conn, stub, start_worker, tell):
    await start_worker(name="w", **PLACE)
    async with watching(stub) as heard:
        order = await order_scale(conn, 1)
        for _ in range(3):
            await tell()
        await tell(outcomes=[pb.OrderOutcome(order_id=order, ok=True)])
        # Told last, so what was before it has been heard.
        await heard.event("workers_scaled")
        assert len(heard.named("worker_offline")) == 1
    assert len(await ended(conn)) == 1


async def _one_ended(conn) -> bool:
    return len(await ended(conn)) == 1


async def _unknown(worker) -> bool:
    # The row is written first; the coordinator forgets the session when that is acknowledged.
    return (await worker.heartbeat()).session_id == 0


async def test_only_the_process_that_ended_is_meant(conn, start_worker, tell):
    await start_worker(name="w", **PLACE)
    await tell(pid=4712)
    await tell(host="there")
    await tell(name="v")
    meant = await start_worker(name="x", host="here", pid=1)
    await tell(name="x", pid=1, code=3)
    await eventually(lambda: _one_ended(conn))
    assert await ended(conn) == [("its process exited with 3", True)]
    assert [row.name for row in await live_sessions(conn)] == ["w"]
    await eventually(lambda: _unknown(meant))


async def test_a_worker_that_its_supervisor_ended_has_not_crashed(conn, start_worker, tell):
    worker = await start_worker(name="w", slots=1, **PLACE)
    [task_id] = await add(conn)
    await worker.given(1)
    await tell(ordered=True)
    await eventually(lambda: _one_ended(conn))
    assert await ended(conn) == [("the supervisor ended it", False)]
    await eventually(lambda: _back(conn, task_id))
    assert (await look(conn, task_id)).crash_count == 0


async def _back(conn, task_id) -> bool:
    return (await look(conn, task_id)).state is State.READY


async def test_a_worker_that_was_killed_by_an_order_has_not_crashed(conn, start_worker, tell):
    await start_worker(name="w", **PLACE)
    await order_kill(conn, "w")
    await tell()
    await eventually(lambda: _one_ended(conn))
    assert await ended(conn) == [("its process was killed by signal 9", False)]


async def test_a_worker_that_was_draining_has_not_crashed_however_its_end_is_noticed(conn, start_worker, tell):
    told = await start_worker(name="w", **PLACE)
    await told.heartbeat(draining=True)
    await tell(code=0)
    await eventually(lambda: _one_ended(conn))
    gone = await start_worker(name="gone")
    await eventually(lambda: gone.streams)
    await gone.heartbeat(draining=True)
    await gone.stop()

    async def both() -> bool:
        return len(await ended(conn)) == 2

    await eventually(both)
    assert [crashed for _, crashed in await ended(conn)] == [False, False]


async def test_the_end_of_another_coordinators_worker_is_rescued_by_whoever_hears_of_it(conn, settings, tell):
    other = Coordinator(settings)
    await other.start()
    try:
        async with (
            open_channel(f"127.0.0.1:{other.port}") as channel,
            PeerWorker(CoordinatorServiceStub(channel), name="w", slots=1, **PLACE) as worker,
        ):
            await worker.heartbeat()
            [task_id] = await add(conn)
            await worker.given(1)
            await tell()
            await eventually(lambda: _crashed_once(conn, task_id))
            assert await ended(conn) == [("its process was killed by signal 9", True)]
            await eventually(lambda: _unknown(worker))
    finally:
        await other.stop()


async def _crashed_once(conn, task_id) -> bool:
    return (await look(conn, task_id)).crash_count == 1


async def test_the_end_of_a_container_is_told_by_its_name_and_host(conn, start_worker, tell):
    # Its pid is its own affair, and the supervisor is on another host.
    await start_worker(name="w", host="3f2a9c", pid=1)
    await start_worker(name="v", host="77b0e1", pid=1)
    await tell(host="here", pid=0, ended_on="3f2a9c")
    await eventually(lambda: _one_ended(conn))
    assert [row.name for row in await live_sessions(conn)] == ["v"]


async def test_what_began_in_a_container_after_that_end_goes_on(conn, start_worker, tell):
    await start_worker(name="w", host="3f2a9c", pid=1)
    await tell(host="here", pid=0, ended_on="3f2a9c", ago_milliseconds=60_000)
    await start_worker(name="v", host="77b0e1", pid=1)
    await tell(host="here", name="v", pid=0, ended_on="77b0e1")
    await eventually(lambda: _one_ended(conn))
    assert [row.name for row in await live_sessions(conn)] == ["w"]
