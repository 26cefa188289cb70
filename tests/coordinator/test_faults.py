"""What PostgreSQL fails at, although it answers, costs no outcome; where it always does, no task but that one."""

import time
from uuid import UUID

import pytest

from cluster.coordinator import flush
from cluster.coordinator.feed import Feed
from cluster.coordinator.finisher import Finisher
from cluster.coordinator.reports import SUCCEEDED, Batch, Start
from cluster.coordinator.session import WorkerSession
from cluster.core.errors import StoreFault, StoreRejected, StoreUnavailable
from cluster.core.outcome import Succeeded
from cluster.core.task import State
from cluster.runtime import telemetry
from cluster.store import leases as store
from cluster.store.clock import DatabaseClock
from cluster.store.pool import Connection
from tests.coordinator.conftest import add, look
from tests.coordinator.finishing import batch_of, leased, worker_session
from tests.fixtures.eventually import eventually

IO_ERROR, DAMAGED_PAGE, REFUSED = "58030", "XX001", "P0001"
RESULT = b'{"answer": 42}'


@pytest.fixture
def session() -> WorkerSession:
    return worker_session()


@pytest.fixture
def finisher(pool) -> Finisher:
    return Finisher(pool, Feed("c", DatabaseClock()), lambda: None, lambda: None, lambda: None)


async def failing(conn: Connection, code: str, *, of: UUID | None = None, table: str = "task_history") -> None:
    """From now on to write a task, or this one, to `table` ends in an error of this SQLSTATE."""
    await conn.execute(
        f"""CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id = coalesce({f"'{of}'" if of else "NULL"}, NEW.id) THEN
                    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION fails()""".encode()
    )


async def fails_no_more(conn: Connection) -> None:
    await conn.execute("DROP FUNCTION fails CASCADE")


def failures() -> int:
    return telemetry.counts().get("flush_refused", 0)


async def state(conn: Connection, task_id: UUID) -> State:
    return (await look(conn, task_id)).state


async def written(finisher: Finisher) -> None:
    """Wait until the finisher, whose loop nobody runs, has nothing left."""

    async def idle() -> bool:
        await finisher.step()
        return await finisher.drained(0)

    await eventually(idle)


async def test_an_io_error_that_passes_costs_no_outcome(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    before = failures()
    await failing(conn, IO_ERROR)
    await worker.complete([lease], result=RESULT)
    await eventually(lambda: failures() > before)
    await fails_no_more(conn)
    await worker.settled()
    row = await look(conn, task_id)
    assert (row.state, row.result) == (State.COMPLETE, RESULT)
    assert not worker.stale


async def test_an_outcome_whose_failure_is_refused_too_stays_what_it_was(conn, session, finisher):
    """Whatever PostgreSQL has against it, it is not the data."""
    with_result, without = await leased(conn, session, 2)
    stale: list[tuple[bytes, int]] = []
    finisher.submit(batch_of(session, [(with_result, Succeeded(RESULT)), (without, SUCCEEDED)], stale))
    await failing(conn, REFUSED)
    await finisher.step()
    assert set(session.leases) == {with_result.key, without.key}
    await fails_no_more(conn)
    await written(finisher)
    assert (await look(conn, with_result.id)).result == RESULT
    assert await state(conn, without.id) is State.COMPLETE
    assert (session.completed, session.failed, stale) == (2, 0, [])


async def test_the_settlement_is_the_one_that_was_written_when_the_failure_meets_an_outage(
    conn, session, finisher, monkeypatch
):
    [lease] = await leased(conn, session, 1)
    finisher.submit(batch_of(session, [(lease, SUCCEEDED)], []))
    finish = store.finish

    async def away(_connection, reports):
        raise StoreUnavailable if reports[0].state is State.FAILED else StoreRejected("a class that nobody knows")

    monkeypatch.setattr(store, "finish", away)
    with pytest.raises(StoreUnavailable):
        await finisher.step()
    monkeypatch.setattr(store, "finish", finish)
    await written(finisher)
    assert await state(conn, lease.id) is State.COMPLETE


async def test_a_failure_that_was_written_is_told_as_one_though_its_answer_was_lost(
    conn, session, finisher, monkeypatch
):
    [lease] = await leased(conn, session, 1)
    finisher.submit(batch_of(session, [(lease, Succeeded(b"no json"))], []))
    finish = store.finish

    async def cut_off(*args):
        await finish(*args)
        raise StoreUnavailable("the line was cut after COMMIT")

    monkeypatch.setattr(store, "finish", cut_off)
    with pytest.raises(StoreUnavailable):
        await finisher.step()
    monkeypatch.setattr(store, "finish", finish)
    await written(finisher)
    assert await state(conn, lease.id) is State.FAILED
    assert (session.completed, session.failed) == (0, 1)


@pytest.mark.parametrize("code", [DAMAGED_PAGE, REFUSED])
async def test_a_row_at_which_postgresql_always_fails_holds_up_nobody_else(conn, session, finisher, code):
    bad, *good = await leased(conn, session, 5)
    stale: list[tuple[bytes, int]] = []
    await failing(conn, code, of=bad.id)
    finisher.submit(batch_of(session, [(lease, Succeeded(RESULT)) for lease in (bad, *good)], stale))
    await finisher.step()
    assert [await state(conn, lease.id) for lease in good] == [State.COMPLETE] * 4
    assert set(session.leases) == {bad.key}
    before = failures()
    while failures() == before:
        await finisher.step()
        assert not await finisher.drained(0.01)
    [later] = await leased(conn, session, 1)
    session.leases[bad.key] = bad
    finisher.submit(batch_of(session, [(later, SUCCEEDED)], stale))
    await eventually(lambda: _completed(conn, finisher, later.id))
    await fails_no_more(conn)
    await written(finisher)
    assert (await look(conn, bad.id)).result == RESULT
    assert not stale


async def _completed(conn: Connection, finisher: Finisher, task_id: UUID) -> bool:
    await finisher.step()
    return await state(conn, task_id) is State.COMPLETE


async def test_where_all_fails_few_are_tried_and_each_has_its_turn(conn, session, finisher, monkeypatch):
    monkeypatch.setattr(flush, "FAULTS", 2)
    held = await leased(conn, session, 6)
    *bad, good = held
    finish, tried = store.finish, []

    async def fails(connection, reports):
        tried.append(len(reports))
        if any(report.key != good.key for report in reports):
            raise StoreFault
        return await finish(connection, reports)

    monkeypatch.setattr(store, "finish", fails)
    finisher.submit(batch_of(session, [(lease, SUCCEEDED) for lease in held], []))
    await finisher.step()
    assert tried[:3] == [6, 1, 1]
    assert len(tried) <= 5
    await eventually(lambda: _completed(conn, finisher, good.id))
    assert set(session.leases) == {lease.key for lease in bad}


async def test_a_start_that_cannot_be_written_costs_no_other_start(conn, session, finisher):
    bad, good = await leased(conn, session, 2)
    await failing(conn, DAMAGED_PAGE, of=bad.id, table="tasks")
    finisher.submit(Batch(session, time.monotonic(), [].extend, starts=[Start(bad, 5), Start(good, 5)]))
    await finisher.step()
    assert [await state(conn, lease.id) for lease in (bad, good)] == [State.LEASED, State.RUNNING]
    await fails_no_more(conn)
    await written(finisher)
    assert await state(conn, bad.id) is State.RUNNING


async def test_an_outcome_that_may_be_committed_is_not_stale_though_postgresql_fails_when_asked(
    conn, session, finisher, monkeypatch
):
    [lease] = await leased(conn, session, 1)
    stale: list[tuple[bytes, int]] = []
    finish, accepted = store.finish, store.accepted

    async def cut_off(*args):
        await finish(*args)
        raise StoreUnavailable("the line was cut after COMMIT")

    async def fails(*_):
        raise StoreFault

    monkeypatch.setattr(store, "finish", cut_off)
    monkeypatch.setattr(store, "accepted", fails)
    finisher.submit(batch_of(session, [(lease, Succeeded(RESULT))], stale))
    with pytest.raises(StoreUnavailable):
        await finisher.step()
    monkeypatch.setattr(store, "finish", finish)
    await finisher.step()
    monkeypatch.setattr(store, "accepted", accepted)
    await written(finisher)
    assert (session.completed, stale) == (1, [])


async def test_a_note_at_which_postgresql_fails_holds_nobody_up(conn, session, finisher, monkeypatch):
    done, taken = await leased(conn, session, 2)
    await store.release(conn, [store.Held(taken.id, taken.lease_token)])

    async def fails(*_):
        raise StoreFault

    monkeypatch.setattr(store, "note_stale", fails)
    stale: list[tuple[bytes, int]] = []
    finisher.submit(batch_of(session, [(done, SUCCEEDED), (taken, SUCCEEDED)], stale))
    await finisher.step()
    assert stale == [(taken.key, taken.lease_token)]
    assert await state(conn, done.id) is State.COMPLETE
