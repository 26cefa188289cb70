"""The finisher when PostgreSQL misbehaves."""

import time

import pytest

from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.reports import Batch, LeaseOutcome
from cluster.coordinator.session import HeldLease, Policy, WorkerSession
from cluster.core.errors import StoreUnavailable
from cluster.core.outcome import Failed, Outcome, Released, Succeeded
from cluster.core.task import State
from cluster.store import leases as store
from cluster.store.clock import DatabaseClock
from tests.coordinator.conftest import add, look


@pytest.fixture
def session() -> WorkerSession:
    return WorkerSession(
        session_id=1,
        worker_id="w-1",
        name="w",
        address="127.0.0.1:1",
        slots=5,
        streaming=True,
        policies={"noop": Policy.of()},
        heard_at=time.monotonic(),
    )


@pytest.fixture
def finisher(pool) -> Finisher:
    return Finisher(pool, Feed("c", DatabaseClock()), lambda: None, lambda: None)


async def leased(conn, session: WorkerSession, count: int) -> list[HeldLease]:
    await add(conn, count)
    rows = await store.claim(conn, store.Slots([0] * count, [session.session_id], [session.worker_id]))
    held = [HeldLease(row.id, row.id.bytes, row.lease_token, row.command, None, row.attempt, 3, 0) for row in rows]
    session.leases = {lease.key: lease for lease in held}
    return held


def batch_of(session: WorkerSession, outcomes: list[tuple[HeldLease, Outcome]], stale: list) -> Batch:
    batch = Batch(session, time.monotonic(), stale.extend)
    batch.outcomes = [LeaseOutcome(lease, outcome, 10, 5) for lease, outcome in outcomes]
    return batch


async def test_an_outcome_whose_commit_was_not_answered_is_not_called_stale(conn, session, finisher, monkeypatch):
    [lease] = await leased(conn, session, 1)
    stale: list[tuple[bytes, int]] = []
    finish = store.finish

    async def cut_off(*args):
        await finish(*args)
        raise StoreUnavailable("the line was cut after COMMIT")

    monkeypatch.setattr(store, "finish", cut_off)
    finisher.submit(batch_of(session, [(lease, Succeeded())], stale))
    with pytest.raises(StoreUnavailable):
        await finisher.step()
    assert session.leases, "a slot is free only when it is known how its outcome ended"
    monkeypatch.setattr(store, "finish", finish)
    await finisher.step()
    assert not stale
    assert not session.leases
    assert session.completed == 1
    assert (await look(conn, lease.task_id)).state is State.COMPLETE


async def test_what_waits_survives_an_outage(conn, session, finisher, monkeypatch):
    first, second = await leased(conn, session, 2)
    stale: list[tuple[bytes, int]] = []
    finish = store.finish

    async def away(*_):
        raise StoreUnavailable

    monkeypatch.setattr(store, "finish", away)
    finisher.submit(batch_of(session, [(first, Succeeded())], stale))
    with pytest.raises(StoreUnavailable):
        await finisher.step()
    finisher.submit(batch_of(session, [(second, Succeeded(b"[2]"))], stale))
    monkeypatch.setattr(store, "finish", finish)
    await finisher.step()
    await finisher.step()
    assert (await look(conn, first.task_id)).state is State.COMPLETE
    assert (await look(conn, second.task_id)).result == b"[2]"
    assert not stale


async def test_one_refused_report_does_not_hold_up_the_others(conn, session, finisher):
    good, bad = await leased(conn, session, 2)
    stale: list[tuple[bytes, int]] = []
    finisher.submit(batch_of(session, [(good, Succeeded(b"1")), (bad, Succeeded(b"no json"))], stale))
    await finisher.step()
    assert (await look(conn, good.task_id)).state is State.COMPLETE
    row = await look(conn, bad.task_id)
    assert row.state is State.FAILED
    assert "could not be stored" in row.error
    assert not stale


async def test_drained_waits_for_the_last_write(conn, session, finisher):
    [lease] = await leased(conn, session, 1)
    finisher.submit(batch_of(session, [(lease, Succeeded())], []))
    assert not await finisher.drained(0.01)
    await finisher.start()
    assert await finisher.drained(10)
    await finisher.stop()
    assert (await look(conn, lease.task_id)).state is State.COMPLETE


async def test_a_task_leased_anew_before_we_heard_that_it_was_given_back_stays_known(
    conn, session, finisher, monkeypatch
):
    [lease] = await leased(conn, session, 1)
    release = store.release

    async def release_and_lose_the_race(*args):
        accepted = await release(*args)
        [row] = await store.claim(conn, store.Slots([0], [session.session_id], [session.worker_id]))
        session.leases[lease.key] = HeldLease(row.id, lease.key, row.lease_token, row.command, None, 1, 3, 0)
        return accepted

    monkeypatch.setattr(store, "release", release_and_lose_the_race)
    finisher.submit(batch_of(session, [(lease, Released())], []))
    await finisher.step()
    assert session.leases[lease.key].token > lease.token


async def test_an_outcome_written_singly_whose_commit_was_not_answered_is_not_called_stale(
    conn, session, finisher, monkeypatch
):
    good, bad = await leased(conn, session, 2)
    stale: list[tuple[bytes, int]] = []
    finish = store.finish

    async def cut_off_after_one(connection, reports):
        accepted = await finish(connection, reports)
        if len(reports) == 1:
            raise StoreUnavailable("the line was cut after COMMIT")
        return accepted

    monkeypatch.setattr(store, "finish", cut_off_after_one)
    finisher.submit(batch_of(session, [(good, Succeeded(b"1")), (bad, Succeeded(b"no json"))], stale))
    with pytest.raises(StoreUnavailable):
        await finisher.step()
    monkeypatch.setattr(store, "finish", finish)
    await finisher.step()
    assert not stale
    assert session.completed == 1


async def test_what_is_given_back_does_not_make_a_worker_look_fast(conn, session, finisher):
    for _ in range(3):
        finisher.submit(batch_of(session, [(lease, Released()) for lease in await leased(conn, session, 50)], []))
        await finisher.step()
        time.sleep(session.rate.WINDOW)
    assert session.rate.per_second(time.monotonic()) == 0


async def test_of_two_leases_of_one_task_in_one_flush_only_the_newest_is_accepted(conn, session, finisher):
    [old] = await leased(conn, session, 1)
    await store.release(conn, [store.Held(old.task_id, old.token)])
    [row] = await store.claim(conn, store.Slots([0], [session.session_id], [session.worker_id]))
    new = HeldLease(row.id, row.id.bytes, row.lease_token, row.command, None, 1, 3, 0)
    stale: list[tuple[bytes, int]] = []
    finisher.submit(batch_of(session, [(old, Succeeded())], stale))
    finisher.submit(batch_of(session, [(new, Succeeded())], stale))
    await finisher.step()
    assert stale == [(old.key, old.token)]
    assert session.completed == 1


async def test_the_promoter_hears_of_a_task_that_is_to_be_tried_again(conn, session, pool):
    told: list[str] = []
    finisher = Finisher(
        pool, Feed("c", DatabaseClock()), lambda: told.append("freed"), lambda: told.append("postponed")
    )
    done, failed = await leased(conn, session, 2)
    finisher.submit(batch_of(session, [(done, Succeeded())], []))
    await finisher.step()
    assert told == ["freed"]
    finisher.submit(batch_of(session, [(failed, Failed("no"))], []))
    await finisher.step()
    assert told == ["freed", "postponed", "freed"]
