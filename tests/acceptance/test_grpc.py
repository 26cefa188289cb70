"""The coordinator by gRPC: what any language may rely on, and what standard tools look at."""

import json
from collections.abc import AsyncIterator

import grpc
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from cluster.wire import taskmaster_pb2 as wire
from cluster.wire import taskmaster_pb2_grpc as services
from cluster.wire.channel import open_channel
from tests.acceptance.cluster import RunningCluster

COORDINATOR = "taskmaster.v1.CoordinatorService"


@pytest_asyncio.fixture
async def channel(shared: RunningCluster) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(f"127.0.0.1:{shared.coordinator_port}") as opened:
        yield opened


async def test_the_standard_health_check_says_serving(channel: grpc.aio.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", COORDINATOR):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_the_service(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=10)
    names = {service.name async for answer in call for service in answer.list_services_response.service}
    assert {COORDINATOR, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"} <= names


async def test_a_task_submitted_by_grpc_runs(shared: RunningCluster, channel: grpc.aio.Channel) -> None:
    coordinator = services.CoordinatorServiceStub(channel)
    payload = json.dumps({"seconds": 0.01}).encode()

    answer = await coordinator.SubmitTask(wire.ClientTaskRequest(command="wait", payload=payload), timeout=10)
    again = await coordinator.SubmitTask(
        wire.ClientTaskRequest(command="wait", payload=payload, task_id=answer.task_id), timeout=10
    )

    assert (answer.created, again.created) == (True, False)
    assert again.task_id == answer.task_id
    (task,) = await shared.finished([answer.task_id])
    assert (task["status"], task["result"]) == ("COMPLETE", 0.01)


async def test_a_task_that_breaks_a_limit_is_refused_by_grpc(channel: grpc.aio.Channel) -> None:
    coordinator = services.CoordinatorServiceStub(channel)
    for wrong in (
        wire.ClientTaskRequest(command=""),
        wire.ClientTaskRequest(command="noop", payload=b"{"),
        wire.ClientTaskRequest(command="noop", priority=101),
    ):
        call = coordinator.SubmitTask(wrong, timeout=10)
        assert await call.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert await call.details()


async def test_list_workers_says_the_same_as_the_http_route(shared: RunningCluster, channel: grpc.aio.Channel) -> None:
    coordinator = services.CoordinatorServiceStub(channel)

    answer = await coordinator.ListWorkers(wire.ListWorkersRequest(), timeout=10)

    by_grpc = {(worker.worker_id, worker.name, worker.address, worker.slots) for worker in answer.workers}
    assert by_grpc == {(each["worker_id"], each["name"], each["address"], each["slots"]) for each in shared.online()}


async def test_watch_events_tells_the_life_of_a_task(shared: RunningCluster, channel: grpc.aio.Channel) -> None:
    coordinator = services.CoordinatorServiceStub(channel)
    call = coordinator.WatchEvents(wire.WatchEventsRequest(), timeout=20)
    # A moment ahead: the stream tells what happens from when it is open.
    task_id = shared.enqueue("demo-job", delay_seconds=1)

    told: list[str] = []
    async for batch in call:
        told += [event.event for event in batch.events if event.task_id == task_id]
        if "task_completed" in told:
            break
    call.cancel()

    assert told[-3:] == ["task_assigned", "task_started", "task_completed"]
