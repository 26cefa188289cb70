"""A coordinator whose clock is an hour off: only the database clock counts."""

import time
from functools import partial

import pytest

from cluster.coordinator import coordinator as module
from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.store.clock import DatabaseClock
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look, submit
from tests.coordinator.peer import PeerWorker, outcome
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually

HOUR = 3600.0


@pytest.mark.parametrize("off", [HOUR, -HOUR])
async def test_a_coordinator_whose_clock_is_an_hour_off_does_all_it_does_in_time(conn, settings, monkeypatch, off):
    wrong = time.time() + off - time.monotonic()
    monkeypatch.setattr(time, "time", lambda: time.monotonic() + wrong)
    monkeypatch.setattr(module, "DatabaseClock", partial(DatabaseClock, wall=time.time))
    [before] = await (await conn.execute("SELECT extract(epoch FROM statement_timestamp()) * 1e6")).fetchone()
    coordinator = Coordinator(settings)
    await coordinator.start()
    try:
        async with (
            open_channel(f"127.0.0.1:{coordinator.port}") as channel,
            PeerWorker(CoordinatorServiceStub(channel)) as worker,
        ):
            async with watching(worker.coordinator) as heard:
                await worker.heartbeat()
                due = await submit(worker.coordinator, command="noop", delay_seconds=0.3)
                [later] = await add(conn, delay=60)
                [lease] = await worker.given(1)
                assert str(due.task_id).replace("-", "") == lease.task_id.hex()
                await worker.report(outcome(lease, pb.FAILED, error="once", retry_in_seconds=0.1))
                await worker.complete((await worker.given(2))[1:])
                await worker.settled()
                await heard.event("task_completed")
                [after] = await (
                    await conn.execute("SELECT extract(epoch FROM statement_timestamp()) * 1e6")
                ).fetchone()
                assert all(before <= event.timestamp_us <= after for event in heard.events)
            assert (await look(conn, later)).state is State.SCHEDULED
            session = worker.session_id
            assert (await worker.heartbeat()).session_id == session
            await eventually(lambda: _leads(conn))
    finally:
        await coordinator.stop()


async def _leads(conn) -> bool:
    """Its term ends within seconds by the database clock."""
    row = await (
        await conn.execute("SELECT expires_at BETWEEN now() AND now() + interval '3 s' FROM leader")
    ).fetchone()
    return row == (True,)
