"""PostgreSQL away, the coordinator frozen: whoever is alive keeps what it runs."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator

import pytest

from cluster.coordinator import elector
from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.store.sessions import live_sessions
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import PeerWorker
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import CuttableLine

HEARTBEAT = 0.8
TTL = 3 * HEARTBEAT


@pytest.fixture
def heartbeat() -> float:
    return HEARTBEAT


@contextlib.asynccontextmanager
async def beating(worker: PeerWorker) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT / 2)
            await worker.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_who_could_not_prolong_a_session_gives_it_nothing(coordinator, conn, start_worker):
    """Others may have ended it meanwhile, and rescued what it held: what it got now, nobody would look for."""
    worker = await start_worker(slots=5)
    async with beating(worker):
        # Nor does anybody end it, so that it can be prolonged in the end.
        await coordinator._duties.stop()
        await coordinator._sessions._ticker.stop()
        [session] = coordinator._sessions.all()
        await eventually(lambda: session.takes_tasks)
        await eventually(lambda: not session.takes_tasks)
        waits = await add(conn)
        await coordinator._dispatcher.step()
        assert (await look(conn, waits[0])).state is State.READY
        await coordinator._sessions.step()
        await eventually(lambda: worker.leases)


async def test_an_outage_of_postgresql_longer_than_a_session_costs_no_live_worker_its_tasks(conn, settings):
    async with CuttableLine(settings.database_url) as line:
        coordinator = Coordinator(dataclasses.replace(settings, database_url=line.url))
        await coordinator.start()
        try:
            async with (
                open_channel(f"127.0.0.1:{coordinator.port}") as channel,
                PeerWorker(CoordinatorServiceStub(channel), slots=2) as worker,
            ):
                await worker.heartbeat()
                first = worker.session_id
                before, after = await add(conn, 2)
                leases = {lease.task_id: lease for lease in await worker.given(2)}
                async with beating(worker):
                    line.cut()
                    await worker.complete([leases[before.bytes]])

                    async def expired() -> bool:
                        found = await conn.execute("SELECT FROM sessions WHERE expires_at < now() - interval '1 s'")
                        return found.rowcount == 1

                    await eventually(expired)
                    line.mend()
                    await worker.settled()
                    [late] = await add(conn)
                    await worker.given(3)
                    await worker.complete([leases[after.bytes], worker.leases[2]])
                    await worker.settled()
                assert worker.session_id == first
                assert not worker.stale
                for task_id in (before, after, late):
                    row = await look(conn, task_id)
                    assert (row.state, row.attempt) == (State.COMPLETE, 1)
        finally:
            await coordinator.stop()


@pytest.fixture
def short_term(monkeypatch) -> None:
    """A leader's term is shorter than a session, as it is by default."""
    monkeypatch.setattr(elector, "TERM", TTL / 4)


async def test_a_coordinator_that_was_frozen_lets_its_workers_come_again(short_term, conn, start_worker):
    worker = await start_worker()
    first = worker.session_id
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    time.sleep(1.5 * TTL)
    await asyncio.sleep(HEARTBEAT)
    assert (await worker.heartbeat()).session_id == first
    await worker.complete([lease])
    await worker.settled()
    assert not worker.stale
    assert (await look(conn, task_id)).state is State.COMPLETE


async def test_a_new_leader_lets_the_workers_of_the_last_one_come_first(conn, settings):
    first = Coordinator(settings)
    await first.start()
    async with (
        open_channel(f"127.0.0.1:{first.port}") as channel,
        PeerWorker(CoordinatorServiceStub(channel)) as worker,
    ):
        await worker.heartbeat()
        await add(conn)
        [lease] = await worker.given(1)
        session_id = worker.session_id
        await first.stop()
        await conn.execute("UPDATE sessions SET expires_at = now() - interval '1 s'")
        second = Coordinator(settings)
        await second.start()
        try:
            await asyncio.sleep(HEARTBEAT)
            assert [row.id for row in await live_sessions(conn)] == [session_id]
            async with open_channel(f"127.0.0.1:{second.port}") as other:
                worker.coordinator = CoordinatorServiceStub(other)
                worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token)]
                assert (await worker.heartbeat()).session_id == session_id
        finally:
            await second.stop()
