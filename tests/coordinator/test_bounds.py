"""Whoever asks for more than there is room for is held back or refused; nothing grows without end."""

import asyncio

import grpc
import pytest

from cluster.coordinator import finisher, reports, servicer, sessions, stream, submissions
from cluster.coordinator.heartbeats import stranger
from cluster.coordinator.stream import StreamDelivery
from cluster.core.errors import StoreUnavailable
from cluster.core.task import State
from cluster.store import leases as store
from cluster.store.counters import totals
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add, look, submit
from tests.coordinator.peer import PeerWorker, outcome
from tests.fixtures.eventually import eventually


@pytest.fixture
def outage(monkeypatch):
    """Outcomes cannot be written until the fixture's event is set."""
    over = asyncio.Event()
    finish = store.finish

    async def away(*args):
        if not over.is_set():
            raise StoreUnavailable
        return await finish(*args)

    monkeypatch.setattr(store, "finish", away)
    return over


async def test_a_worker_that_floods_is_read_no_further_until_its_reports_are_written(
    outage, coordinator, conn, start_worker, monkeypatch
):
    monkeypatch.setattr(stream, "UNSETTLED", 20)
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    for _ in range(200):
        await worker.complete([lease])
    await eventually(lambda: coordinator._finisher._waiting)
    await asyncio.sleep(0.2)
    assert len(coordinator._finisher._waiting) <= 20
    outage.set()
    await worker.settled()
    assert (await look(conn, task_id)).state is State.COMPLETE
    assert (await totals(conn)).completed == 1


async def test_a_lease_waits_in_one_batch_however_often_it_is_told(outage, coordinator, conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    for _ in range(5):
        await worker.report(outcome(lease, pb.STARTED), outcome(lease, pb.STARTED))
    await worker.settled()
    for _ in range(5):
        await worker.report(outcome(lease, pb.COMPLETE), outcome(lease, pb.COMPLETE))
    await eventually(lambda: coordinator._finisher._flush)
    waiting = [*coordinator._finisher._flush.batches, *coordinator._finisher._waiting]
    assert sum(len(batch) for batch in waiting) == 1
    assert not any(batch.starts for batch in waiting)
    outage.set()
    await worker.settled()
    assert (await look(conn, task_id)).state is State.COMPLETE


async def test_of_a_flood_of_late_outcomes_only_some_are_noted(conn, start_worker, monkeypatch):
    monkeypatch.setattr(reports, "LATE", 3)
    asked: list[int] = []
    note = store.note_stale

    async def counted(connection, late):
        asked.append(len(late))
        return await note(connection, late)

    monkeypatch.setattr(store, "note_stale", counted)
    monkeypatch.setattr(stream, "STALE", 7)
    worker = await start_worker()
    made_up = [pb.TaskOutcome(task_id=bytes([n]) * 16, lease_token=n, status=pb.COMPLETE) for n in range(50)]
    await worker.report(*made_up)
    await worker.settled()
    await eventually(lambda: len(worker.stale) == 50)
    assert asked == [3]


class Deaf:
    """The line to a worker that tells lies without end and reads nothing until it is `let`."""

    def __init__(self) -> None:
        self.heard = self.told = 0
        self.let = asyncio.Event()

    async def __aiter__(self):
        yield pb.StatusBatch(greeting=True)
        while not self.told:
            self.heard += 1
            lies = [pb.TaskOutcome(task_id=bytes([n]) * 16, lease_token=1, status=pb.RELEASED) for n in range(100)]
            yield pb.StatusBatch(sequence=self.heard, outcomes=lies)
            await asyncio.sleep(0)

    async def write(self, batch) -> None:
        await self.let.wait()
        self.told += len(batch.stale)


class Settles:
    """A finisher that is done at once."""

    def submit(self, batch) -> None:
        batch.settled(batch.stale)


async def test_a_worker_that_reads_nothing_is_read_no_further_while_it_lies(monkeypatch):
    """What it has to be told would pile up."""
    monkeypatch.setattr(stream, "STALE", 1_000)
    line = Deaf()
    delivery = StreamDelivery(stranger("w"), "c1", Settles(), None, lambda: None, None)
    parts = [asyncio.create_task(delivery._read(line)), asyncio.create_task(delivery._write(line))]
    await eventually(lambda: line.heard > 10)
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert line.heard <= 22
    line.let.set()
    await eventually(lambda: line.told >= 100 * line.heard)
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


async def test_calls_are_refused_while_too_many_reports_wait(conn, stub, start_worker, monkeypatch):
    monkeypatch.setattr(finisher, "FULL", 0)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.UpdateTaskStatus(pb.UpdateTaskStatusRequest(status=pb.COMPLETE, worker_id="w"))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_enqueues_are_refused_while_too_many_are_under_way(conn, stub, monkeypatch):
    monkeypatch.setattr(submissions, "IN_FLIGHT", 0)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await submit(stub, command="noop")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "was not, try again" in refused.value.details()
    monkeypatch.setattr(submissions, "IN_FLIGHT", 1)
    for _ in range(3):
        assert (await submit(stub, command="noop")).created
        with pytest.raises(grpc.aio.AioRpcError):
            await submit(stub, command="")


async def test_a_coordinator_takes_so_many_workers_and_no_more(conn, stub, start_worker, monkeypatch):
    monkeypatch.setattr(sessions, "SESSIONS", 1)
    first = await start_worker()
    async with PeerWorker(stub) as second:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await second.heartbeat()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "another one" in refused.value.details()
    assert (await first.heartbeat()).session_id == first.session_id


async def test_so_many_workers_are_listed_and_no_more(conn, stub, start_worker, monkeypatch):
    monkeypatch.setattr(servicer, "WORKERS", 1)
    await start_worker(name="a")
    await start_worker(name="b")
    assert [worker.name for worker in (await stub.ListWorkers(pb.ListWorkersRequest())).workers] == ["a"]
