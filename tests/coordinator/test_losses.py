"""One worker's end, however much trouble it makes, costs no other worker its session."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from cluster.coordinator import losses, push, stream
from cluster.coordinator.coordinator import Coordinator
from cluster.core.errors import StoreRejected, TaskMasterError
from cluster.core.task import State
from cluster.store import queues
from cluster.store import sessions as store
from cluster.store.pool import Connection, connected
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import PeerWorker
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually

HEARTBEAT = 0.4


@pytest.fixture
def heartbeat() -> float:
    return HEARTBEAT


@pytest.fixture(autouse=True)
def patient_leader(coordinator: Coordinator) -> None:
    """The leader never sees a session expire before its coordinator has judged it, however slow the machine is: only
    what a test lets `expire`."""
    coordinator._sessions._lifetime = 3600.0


async def expire(conn: Connection, worker: PeerWorker) -> None:
    """To the leader it is gone."""
    await conn.execute("UPDATE sessions SET expires_at = now() WHERE worker_id = %s", [worker.worker_id])


@contextlib.asynccontextmanager
async def beating(*workers: PeerWorker) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT / 2)
            for worker in workers:
                await worker.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def ended(conn: Connection, worker: PeerWorker) -> str | None:
    """Why its last session has ended, if it has."""
    query = "SELECT end_reason FROM sessions WHERE worker_id = %s"
    found = await (await conn.execute(query, [worker.worker_id])).fetchone()
    return found and found[0]


async def prolonged(conn: Connection, worker: PeerWorker) -> None:
    """Wait until the session of `worker` is prolonged once more."""

    async def expires() -> datetime:
        query = "SELECT expires_at FROM sessions WHERE worker_id = %s AND ended_at IS NULL"
        [(at,)] = await (await conn.execute(query, [worker.worker_id])).fetchall()
        return at

    before = await expires()

    async def is_longer() -> bool:
        return await expires() > before

    await eventually(is_longer)


async def test_a_worker_that_cannot_even_be_asked_expires_alone(conn, start_worker, monkeypatch):
    odd, live, gone = [await start_worker(name=name) for name in ("odd", "live", "gone")]
    ask, asked = losses.listens, []

    async def fails(address: str) -> bool:
        if address == odd.address:
            asked.append(address)
            raise TaskMasterError("label too long")
        return await ask(address)

    monkeypatch.setattr(losses, "listens", fails)
    first = live.session_id
    async with beating(live):
        assert "frozen" in await eventually(lambda: ended(conn, gone))
        await eventually(lambda: asked)

        async def expired() -> str | None:
            # Again and again, for nobody has judged it, and so its coordinator goes on prolonging it.
            await expire(conn, odd)
            return await ended(conn, odd)

        assert await eventually(expired) == "its session expired"
        assert live.session_id == first
        await prolonged(conn, live)


async def test_a_worker_that_is_heard_while_the_network_is_asked_keeps_its_session(conn, start_worker, monkeypatch):
    worker = await start_worker()
    first, asked, let = worker.session_id, asyncio.Event(), asyncio.Event()

    async def waits(_address: str) -> bool:
        asked.set()
        await let.wait()
        return False

    monkeypatch.setattr(losses, "listens", waits)
    await asked.wait()
    async with beating(worker):
        await worker.heartbeat()
        let.set()
        await prolonged(conn, worker)
        assert await ended(conn, worker) is None
        assert worker.session_id == first


async def test_an_end_that_postgresql_refuses_keeps_no_other_from_being_ended(conn, start_worker, monkeypatch):
    odd, gone = [await start_worker(name=name) for name in ("odd", "gone")]
    end = store.end_sessions

    async def refuses(connection, coordinator, ids, reason, *, crashed):
        if odd.session_id in ids:
            raise StoreRejected
        return await end(connection, coordinator, ids, reason, crashed=crashed)

    monkeypatch.setattr(store, "end_sessions", refuses)
    assert "frozen" in await eventually(lambda: ended(conn, gone))
    await expire(conn, odd)
    assert await eventually(lambda: ended(conn, odd)) == "its session expired"


async def test_live_workers_are_prolonged_while_the_end_of_another_takes_its_time(conn, start_worker, monkeypatch):
    slow, live = [await start_worker(name=name) for name in ("slow", "live")]
    end, began, let = store.end_sessions, asyncio.Event(), asyncio.Event()

    async def waits(*args, **facts):
        began.set()
        await let.wait()
        return await end(*args, **facts)

    monkeypatch.setattr(store, "end_sessions", waits)
    first = live.session_id
    async with beating(live):
        await began.wait()
        await expire(conn, slow)
        assert await eventually(lambda: ended(conn, slow)) == "its session expired"
        await prolonged(conn, live)
        assert live.session_id == first
        let.set()


async def test_a_locked_task_of_a_dead_worker_keeps_nothing_but_itself(conn, pool, start_worker):
    """As by a transaction that somebody forgot in psql."""
    dead = await start_worker(name="dead", slots=2)
    locked, free = await add(conn, 2)
    await dead.given(2)
    live = await start_worker(name="live", slots=2)
    first = live.session_id
    async with beating(live), connected(pool) as other:
        async with other.transaction():
            await other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [locked])
            await dead.stop()
            assert (await live.given(1))[0].task_id == free.bytes
            assert await eventually(lambda: ended(conn, dead)) == "its process ended"
            await prolonged(conn, live)
            assert (await look(conn, locked)).worker_id == dead.worker_id
        assert (await live.given(2))[1].task_id == locked.bytes
        assert live.session_id == first


@pytest.mark.parametrize("who", ["its coordinator", "its supervisor"])
async def test_what_two_notice_at_once_is_ended_and_told_once_and_whole(
    conn, coordinator, stub, start_worker, monkeypatch, who
):
    """The one who comes second finds nothing left to rescue, and must not cut the first one short."""
    worker = await start_worker(host="here", pid=7)
    [session] = coordinator._sessions.all()
    [task_id] = await add(conn)
    await worker.given(1)
    end, ended_first, let = store.end_sessions, asyncio.Event(), asyncio.Event()

    async def waits_at_first(*args, **facts):
        rescued = await end(*args, **facts)
        if rescued:
            ended_first.set()
            await let.wait()
        return rescued

    async def asked_before(*_):
        return [session.session_id]

    monkeypatch.setattr(store, "end_sessions", waits_at_first)
    monkeypatch.setattr(store, "sessions_of_process", asked_before)
    async with watching(stub) as heard:
        await worker.stop()
        await ended_first.wait()
        if who == "its coordinator":
            second = asyncio.create_task(coordinator._sessions.end(session, "no heartbeat"))
        else:
            second = asyncio.create_task(coordinator._sessions.end_process("here", 7, "peer", "killed", ordered=False))
        await asyncio.wait({second}, timeout=0.5)
        let.set()
        await second
        assert (await heard.event("task_rescued")).task_id == str(task_id)
        assert [event.msg for event in heard.named("worker_offline")] == ["peer is offline: its process ended"]


async def test_what_is_rescued_into_a_paused_queue_is_told_too(conn, stub, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    await worker.given(1)
    await queues.pause(conn, "default")
    async with watching(stub) as heard:
        await worker.stop()
        assert (await heard.event("task_rescued")).task_id == str(task_id)
    assert (await look(conn, task_id)).state is State.PAUSED


@pytest.mark.parametrize(("streaming", "delivery"), [(True, stream), (False, push)], ids=["stream", "push"])
async def test_a_delivery_that_fails_ends_its_session_and_blames_no_task(
    conn, coordinator, stub, start_worker, monkeypatch, streaming, delivery
):
    worker = await start_worker(streaming=streaming)
    [session] = coordinator._sessions.all()
    [task_id] = await add(conn)
    await eventually(lambda: worker.leases or worker.requests)
    if not streaming:
        # A task whose call breaks is given back at once.
        await eventually(lambda: not session.delivery._calls)

    async def fails(_address: str) -> bool:
        raise UnicodeError("label too long")

    monkeypatch.setattr(delivery, "refused", fails)
    async with watching(stub) as heard:
        await worker.end_stream()
        assert "it cannot be served" in (await heard.event("worker_offline")).msg
        assert (await heard.event("task_rescued")).task_id == str(task_id)
    row = await look(conn, task_id)
    assert (row.state, row.crash_count) == (State.READY, 0)
