"""Isolated tasks with more than one coordinator: one takes over from another, or two share them."""

import asyncio

import pytest

from cluster.coordinator import isolation
from cluster.coordinator.coordinator import Coordinator
from cluster.store.counters import totals
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add
from tests.coordinator.isolating import add_isolated, given, held_by, reserved
from tests.coordinator.peer import PeerWorker, outcome
from tests.fixtures.eventually import eventually


@pytest.fixture(autouse=True)
def brisk(monkeypatch) -> None:
    monkeypatch.setattr(isolation, "LOOK", 0.1)


async def test_whoever_takes_over_a_worker_that_runs_a_task_alone_gives_it_nothing_else(conn, settings):
    first, second = Coordinator(settings), Coordinator(settings)
    await first.start()
    async with (
        open_channel(f"127.0.0.1:{first.port}") as channel,
        PeerWorker(CoordinatorServiceStub(channel), slots=3) as worker,
    ):
        await worker.heartbeat()
        isolated = await add_isolated(conn, 2)
        [lease] = await eventually(lambda: given(worker, isolated))
        await first.stop()
        ordinary = await add(conn, 2)
        await second.start()
        try:
            async with open_channel(f"127.0.0.1:{second.port}") as other:
                worker.coordinator = CoordinatorServiceStub(other)
                worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token)]
                await worker.heartbeat()
                await eventually(lambda: worker.streams == 2)
                await worker.report(outcome(lease, pb.STARTED))
                await worker.settled()
                assert reserved(second, worker)
                assert len(worker.leases) == 1
                await worker.complete([lease])
                await eventually(lambda: len(given(worker, isolated)) == 2)
                assert len(await held_by(conn, worker)) == 1
                await worker.complete(worker.leases[1:])
                await eventually(lambda: len(given(worker, ordinary)) == 2)
        finally:
            await second.stop()


async def test_two_coordinators_share_the_isolated_tasks(conn, settings):
    coordinators = [Coordinator(settings), Coordinator(settings)]
    workers: list[PeerWorker] = []
    try:
        for coordinator in coordinators:
            await coordinator.start()
            worker = PeerWorker(CoordinatorServiceStub(open_channel(f"127.0.0.1:{coordinator.port}")), slots=2)
            await worker.start()
            await worker.heartbeat()
            workers.append(worker)
        isolated = await add_isolated(conn, 20)
        done: list[bytes] = []
        while len(done) < 20:
            for worker in workers:
                fresh = [lease for lease in worker.leases if lease.task_id not in done]
                assert len(fresh) <= 1
                await worker.complete(fresh)
                done += [lease.task_id for lease in fresh]
            await asyncio.sleep(0.01)
        for worker in workers:
            await worker.settled()
    finally:
        for worker in workers:
            await worker.stop()
        for coordinator in coordinators:
            await coordinator.stop()
    assert sorted(done) == sorted(task_id.bytes for task_id in isolated)
    assert (await totals(conn)).completed == 20
