"""The finisher when PostgreSQL misbehaves."""

import time

import pytest

from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.session import WorkerSession
from cluster.core.errors import StoreUnavailable
from cluster.core.outcome import Failed, Released, Succeeded
from cluster.core.task import State
from cluster.store import leases as store
from cluster.store.clock import DatabaseClock
from cluster.store.line import Line
from tests.coordinator.conftest import look
from tests.coordinator.finishing import batch_of, claimed, leased, worker_session


@pytest.fixture
def session() -> WorkerSession:
    return worker_session()


@pytest.fixture
def finisher(pool) -> Finisher:
    return Finisher(pool, Feed("c", DatabaseClock()), lambda: None, lambda: None, lambda: None)


class Ready:
    """A delivery that takes tasks."""

    ready = True


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
    assert session.leases, "a lease is kept until it is known how its outcome ended"
    monkeypatch.setattr(store, "finish", finish)
    await finisher.step()
    assert not stale
    assert not session.leases
    assert session.completed == 1
    assert (await look(conn, lease.id)).state is State.COMPLETE


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
    assert (await look(conn, first.id)).state is State.COMPLETE
    assert (await look(conn, second.id)).result == b"[2]"
    assert not stale


async def test_one_refused_report_does_not_hold_up_the_others(conn, session, finisher):
    good, bad = await leased(conn, session, 2)
    stale: list[tuple[bytes, int]] = []
    finisher.submit(batch_of(session, [(good, Succeeded(b"1")), (bad, Succeeded(b"no json"))], stale))
    await finisher.step()
    assert (await look(conn, good.id)).state is State.COMPLETE
    row = await look(conn, bad.id)
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
    assert (await look(conn, lease.id)).state is State.COMPLETE


async def test_a_task_leased_anew_before_we_heard_that_it_was_given_back_stays_known(
    conn, session, finisher, monkeypatch
):
    [lease] = await leased(conn, session, 1)
    release = store.release

    async def release_and_lose_the_race(*args):
        accepted = await release(*args)
        [session.leases[lease.key]] = await claimed(conn, session, 1)
        return accepted

    monkeypatch.setattr(store, "release", release_and_lose_the_race)
    finisher.submit(batch_of(session, [(lease, Released())], []))
    await finisher.step()
    assert session.leases[lease.key].lease_token > lease.lease_token


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


async def test_a_worker_that_gives_back_counts_as_slow_however_fast_it_was(conn, session, finisher):
    for _ in range(2):
        session.rate.observe(500, time.monotonic())
        time.sleep(session.rate.WINDOW)
    session.rate.observe(500, time.monotonic())
    assert session.rate.per_second(time.monotonic()) > 0
    done, given_back = await leased(conn, session, 2)
    finisher.submit(batch_of(session, [(done, Succeeded()), (given_back, Released())], []))
    await finisher.step()
    assert session.rate.per_second(time.monotonic()) == 0


async def test_of_two_leases_of_one_task_in_one_flush_only_the_newest_is_accepted(conn, session, finisher):
    [old] = await leased(conn, session, 1)
    await store.release(conn, [store.Held(old.id, old.lease_token)])
    [new] = await claimed(conn, session, 1)
    stale: list[tuple[bytes, int]] = []
    finisher.submit(batch_of(session, [(old, Succeeded())], stale))
    finisher.submit(batch_of(session, [(new, Succeeded())], stale))
    await finisher.step()
    assert stale == [(old.key, old.lease_token)]
    assert session.completed == 1


async def test_the_promoter_hears_of_a_task_that_is_to_be_tried_again(conn, session, pool):
    told: list[str] = []
    finisher = Finisher(
        pool, Feed("c", DatabaseClock()), lambda: told.append("freed"), lambda: told.append("postponed"), lambda: None
    )
    done, failed = await leased(conn, session, 2)
    finisher.submit(batch_of(session, [(done, Succeeded())], []))
    await finisher.step()
    assert told == ["freed"]
    finisher.submit(batch_of(session, [(failed, Failed("no"))], []))
    await finisher.step()
    assert told == ["freed", "postponed", "freed"]


@pytest.mark.parametrize(("leases", "streaming", "woken"), [(5, True, True), (4, True, False), (5, False, False)])
async def test_what_a_full_worker_takes_next_is_claimed_while_its_outcome_is_written(
    conn, session, pool, leases, streaming, woken
):
    """A worker that is called for each task has a free slot only when it has been answered."""
    session.streaming = streaming
    session.delivery = Ready()
    told: list[str] = []
    finisher = Finisher(
        pool, Feed("c", DatabaseClock()), lambda: told.append("freed"), lambda: None, lambda: told.append("told")
    )
    first, *_ = await leased(conn, session, leases)
    free = session.capacity(0).free
    finisher.submit(batch_of(session, [(first, Succeeded())], []))
    assert told == ["told"] * woken
    assert session.capacity(0).free == free + streaming
    await finisher.step()
    assert told[-1] == "freed"
    assert session.capacity(0).free == free + 1


async def test_outcomes_that_cannot_be_written_do_not_make_room_for_more_and_more(conn, session, finisher):
    session.delivery = Ready()
    held = await leased(conn, session, 40)
    finisher.submit(batch_of(session, [(lease, Succeeded()) for lease in held], []))
    assert session.capacity(0).free == 0
    await finisher.step()
    assert session.capacity(0).free == session.slots


async def test_without_locks_a_flush_is_one_statement_for_each_kind_of_report(conn, session, finisher, monkeypatch):
    done, failed, back = await leased(conn, session, 3)
    finisher.submit(batch_of(session, [(done, Succeeded()), (failed, Failed("no")), (back, Released())], []))
    waits: list[Line] = []
    wait = Line.wait

    async def counted(line, *args, **kwargs):
        waits.append(line)
        return await wait(line, *args, **kwargs)

    monkeypatch.setattr(Line, "wait", counted)
    await finisher.step()
    assert len(waits) == 3
