"""What the coordinator answers over gRPC."""

import asyncio
from uuid import uuid4

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cluster.coordinator.coordinator import Coordinator
from cluster.store import group_commit, waiting
from cluster.store.certainty import enqueue_for_certain
from cluster.store.orders import order_kill, order_scale
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, submit
from tests.fixtures.eventually import eventually


async def test_submit_answers_after_commit_and_knows_the_task_again(conn, stub):
    task_id = str(uuid4())
    first = await submit(stub, command="noop", payload=b'{"a": 1}', task_id=task_id)
    assert (first.task_id, first.created) == (task_id, True)
    again = await submit(stub, command="noop", task_id=task_id)
    assert (again.task_id, again.created) == (task_id, False)


async def test_submits_of_one_moment_share_statements_and_their_commit(conn, stub, coordinator, monkeypatch):
    groups, all_are_here = [], asyncio.Event()

    async def counted(pool, tasks, **bounds):
        groups.append(len(tasks))
        await all_are_here.wait()
        return await enqueue_for_certain(pool, tasks, **bounds)

    monkeypatch.setattr(group_commit, "enqueue_for_certain", counted)
    asked = [asyncio.create_task(submit(stub, command=f"c{n}")) for n in range(100)]
    await eventually(lambda: "in_flight=100" in repr(coordinator.submissions))
    all_are_here.set()
    answers = await asyncio.gather(*asked)
    assert [answer.command for answer in answers] == [f"c{n}" for n in range(100)]
    assert len(groups) == waiting.LANES + 1
    written = await (await conn.execute("SELECT count(DISTINCT xmin::text) FROM tasks")).fetchone()
    assert written == (len(groups),)


@pytest.mark.parametrize(
    "facts",
    [
        {"command": ""},
        {"command": "noop", "priority": 101},
        {"command": "noop", "payload": b"[1]"},
        {"command": "noop", "payload": b"{"},
        {"command": "noop", "task_id": "7"},
        {"command": "noop", "scheduled_at": 1e30},
        {"command": "noop", "scheduled_at": 1.0, "delay_seconds": 1.0},
        {"command": "noop", "timeout_seconds": -1},
        {"command": "noop", "timeout_seconds": float("inf")},
        {"command": "noop", "timeout_seconds": float("nan")},
    ],
)
async def test_bad_input_is_an_invalid_argument_and_enqueues_nothing(conn, stub, facts):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await submit(stub, **facts)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details()
    count = await (await conn.execute("SELECT count(*) FROM all_tasks")).fetchone()
    assert count == (0,)


async def test_workers_are_listed_with_what_they_run(conn, stub, start_worker):
    worker = await start_worker(name="w", slots=2)
    [task_id] = await add(conn)
    await worker.given(1)
    [listed] = (await stub.ListWorkers(pb.ListWorkersRequest())).workers
    assert (listed.name, listed.slots, listed.running, listed.status) == ("w", 2, 1, "online")
    assert list(listed.current_task_ids) == [str(task_id)]


async def test_a_watcher_hears_the_life_of_a_task_in_order(stub, start_worker):
    watch = stub.WatchEvents(pb.WatchEventsRequest())
    opening = await watch.read()
    worker = await start_worker()
    answer = await submit(stub, command="noop")
    await worker.complete(await worker.given(1))
    heard: list[str] = []
    async with asyncio.timeout(10):
        while "task_completed" not in heard:
            heard += [event.event for event in (await watch.read()).events if event.task_id == answer.task_id]
    assert heard == ["task_scheduled", "task_assigned", "task_started", "task_completed"]
    watch.cancel()
    resumed = stub.WatchEvents(pb.WatchEventsRequest(coordinator_id=opening.coordinator_id, after=opening.last))
    missed: list[str] = []
    async with asyncio.timeout(10):
        while "task_completed" not in missed:
            missed += [event.event for event in (await resumed.read()).events if event.task_id]
    assert missed == heard
    resumed.cancel()


async def test_what_an_edge_tells_reaches_the_others_but_not_itself(coordinator, stub):
    # That it leads is told before the watches begin.
    await eventually(lambda: coordinator._elector.leadership.leading)
    watches = {name: stub.WatchEvents(pb.WatchEventsRequest(watcher_id=name)) for name in ("one", "two")}
    for watch in watches.values():
        await watch.read()
    told = pb.Event(event="task_scheduled", msg="hello", task_id="t")
    await stub.Wake([pb.WakeRequest(tasks=True, watcher_id="one", events=[told])])
    other = await watches["two"].read()
    assert [event.msg for event in other.events] == ["hello"]
    await stub.Wake([pb.WakeRequest(tasks=True, watcher_id="two", events=[told])])
    own = await watches["one"].read()
    assert (own.last, [event.msg for event in own.events]) == (other.last + 1, ["hello"])
    for watch in watches.values():
        watch.cancel()


async def test_orders_go_down_and_their_outcome_comes_back(conn, stub):
    scale, kill = await order_scale(conn, 7), await order_kill(conn, "worker-2")
    stream = stub.Supervise()
    await stream.write(pb.SupervisorReport(supervisor_id="s", desired_workers=3))
    orders = {order.order_id: order for order in [await stream.read(), await stream.read()]}
    assert orders[scale].scale.count == 7
    assert orders[kill].kill.name == "worker-2"
    outcomes = [pb.OrderOutcome(order_id=scale, ok=True, detail="7 workers"), pb.OrderOutcome(order_id=kill, ok=False)]
    await stream.write(pb.SupervisorReport(supervisor_id="s", outcomes=outcomes))

    async def done() -> bool:
        rows = await (await conn.execute("SELECT id, ok FROM orders WHERE done_at IS NOT NULL ORDER BY id")).fetchall()
        return rows == [(scale, True), (kill, False)]

    await eventually(done)
    stream.cancel()


async def test_an_order_is_handed_down_at_once_when_woken(conn, stub):
    stream = stub.Supervise()
    await stream.write(pb.SupervisorReport(supervisor_id="s"))
    await order_scale(conn, 2)
    await stub.Wake([pb.WakeRequest(orders=True)])
    assert (await stream.read()).scale.count == 2
    stream.cancel()


async def test_health_says_serving(coordinator):
    async with open_channel(f"127.0.0.1:{coordinator.port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "taskmaster.v1.CoordinatorService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_stop_is_quick_with_watchers_and_supervisors_connected(settings):
    coordinator = Coordinator(settings)
    await coordinator.start()
    async with open_channel(f"127.0.0.1:{coordinator.port}") as channel:
        stub = CoordinatorServiceStub(channel)
        watch, stream = stub.WatchEvents(pb.WatchEventsRequest()), stub.Supervise()
        await watch.read()
        await stream.write(pb.SupervisorReport(supervisor_id="s"))
        await coordinator.stop()
        await coordinator.stop()
        while await watch.read() is not grpc.aio.EOF:
            # What was told before, as who leads.
            pass
        assert await watch.code() is grpc.StatusCode.OK
