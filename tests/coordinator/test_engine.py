"""A task on its way through a real coordinator: leased, delivered, reported, written."""

from collections import Counter

import pytest

from cluster.coordinator import dispatcher, reports, strays, stream
from cluster.core.errors import StoreUnavailable
from cluster.core.task import State
from cluster.store.counters import totals
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import Lease, outcome
from tests.fixtures.eventually import eventually


async def test_a_task_is_leased_run_and_kept_in_history(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn, payload=b'{"size": 3}')
    [lease] = await worker.given(1)
    assert (lease.task_id, lease.command, lease.payload, lease.attempt) == (task_id.bytes, "noop", b'{"size": 3}', 1)
    assert lease.timeout_ms == 15 * 60 * 1000
    await worker.complete([lease], result=b'{"sum": 7}')
    await worker.settled()
    row = await look(conn, task_id)
    assert (row.state, row.result, row.worker_id, row.attempt) == (State.COMPLETE, b'{"sum": 7}', worker.worker_id, 1)
    assert row.picked_at <= row.started_at <= row.finished_at


async def test_slots_are_filled_round_robin_and_never_beyond(conn, start_worker):
    workers = [await start_worker(name=f"w{n}", slots=4) for n in range(3)]
    await eventually(lambda: all(worker.streams for worker in workers))
    await add(conn, 30)
    await eventually(lambda: sum(len(worker.leases) for worker in workers) == 12)
    assert [len(worker.leases) for worker in workers] == [4, 4, 4]
    held = await totals(conn)
    assert (held.pending, held.running) == (30, 0)


async def test_a_slot_is_free_when_its_outcome_is_written(conn, start_worker):
    worker = await start_worker(slots=2)
    ids = await add(conn, 5)
    done = 0
    while done < 5:
        fresh = (await worker.given(done + 1))[done:]
        assert len(fresh) <= 2
        await worker.complete(fresh)
        done += len(fresh)
    await worker.settled()
    assert Counter([(await look(conn, task_id)).state for task_id in ids]) == {State.COMPLETE: 5}


async def test_a_started_task_is_seen_running(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.STARTED))
    await worker.settled()
    assert (await look(conn, task_id)).state is State.RUNNING
    assert (await totals(conn)).running == 1
    await worker.complete([lease])
    await worker.settled()
    assert (await totals(conn)).running == 0


async def test_a_failed_task_comes_again_until_it_is_dead(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn, max_attempts=2)
    [first] = await worker.given(1)
    await worker.report(outcome(first, pb.FAILED, error="first\nValueError: no"))
    second = (await worker.given(2))[1]
    assert (second.task_id, second.attempt) == (first.task_id, 2)
    assert second.lease_token != first.lease_token
    await worker.report(outcome(second, pb.FAILED, error="again"))
    await worker.settled()
    row = await look(conn, task_id)
    assert (row.state, row.error, row.attempt) == (State.DEAD, "again", 2)


async def test_a_permanent_failure_is_not_tried_again(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="bad arguments", permanent=True))
    await worker.settled()
    assert (await look(conn, task_id)).state is State.FAILED


async def test_a_stale_report_changes_nothing_and_the_worker_is_told(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    stale = Lease(task_id=lease.task_id, lease_token=lease.lease_token + 999)
    await worker.complete([stale])
    await worker.settled()
    assert [(ref.task_id, ref.lease_token) for ref in worker.stale] == [(lease.task_id, lease.lease_token + 999)]
    assert (await look(conn, task_id)).state is State.LEASED


async def test_a_report_sent_twice_counts_once(conn, start_worker):
    worker = await start_worker()
    await add(conn)
    [lease] = await worker.given(1)
    await worker.complete([lease])
    await worker.complete([lease])
    await worker.settled()
    assert (await totals(conn)).completed == 1


async def test_a_result_that_postgresql_cannot_store_fails_its_own_task_only(conn, start_worker):
    worker = await start_worker()
    good, bad = await add(conn, 2)
    leases = {lease.task_id: lease for lease in await worker.given(2)}
    # Valid JSON to every decoder; PostgreSQL's json takes it, its text does not: so it is stored as it came.
    await worker.report(
        outcome(leases[good.bytes], pb.COMPLETE, result=b'"fine"'),
        outcome(leases[bad.bytes], pb.COMPLETE, result=b'{"broken": '),
    )
    await worker.settled()
    assert (await look(conn, good)).state is State.COMPLETE
    row = await look(conn, bad)
    assert row.state is State.FAILED
    assert "not JSON" in row.error


DEEP = b"[" * 10_000 + b"]" * 10_000


async def test_a_result_that_is_nested_too_deeply_fails_its_own_task_only(conn, start_worker):
    worker = await start_worker()
    ids = await add(conn, 4)
    by_id = {lease.task_id: lease for lease in await worker.given(4)}
    good, bad, *columns = (by_id[task_id.bytes] for task_id in ids)
    await worker.report(outcome(good, pb.COMPLETE), outcome(bad, pb.COMPLETE, result=DEEP))
    await worker.report_completed(
        pb.CompletionColumns(
            task_ids=b"".join(lease.task_id for lease in columns),
            lease_tokens=[lease.lease_token for lease in columns],
            results=[b"1", DEEP],
        )
    )
    await worker.settled()
    rows = [await look(conn, task_id) for task_id in ids]
    assert [row.state for row in rows] == [State.COMPLETE, State.FAILED] * 2
    assert "nested too deeply" in rows[1].error
    assert rows[1].error == rows[3].error
    assert worker.streams == 1


async def test_what_came_beside_something_that_cannot_be_read_counts_when_it_is_told_again(
    conn, start_worker, monkeypatch
):
    """The stream breaks in the middle of a batch; nothing of it was submitted."""
    read, failed = reports.outcome_of, []

    def fails_once(message):
        if message.error == "unreadable" and not failed:
            failed.append(message)
            raise MemoryError
        return read(message)

    monkeypatch.setattr(reports, "outcome_of", fails_once)
    worker = await start_worker(slots=3)
    ids = await add(conn, 3)
    by_id = {lease.task_id: lease for lease in await worker.given(3)}
    begun, done, odd = (by_id[task_id.bytes] for task_id in ids)
    worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token) for lease in worker.leases]
    batch = [outcome(begun, pb.STARTED), outcome(done, pb.COMPLETE), outcome(odd, pb.FAILED, error="unreadable")]
    await worker.report(*batch)
    await eventually(lambda: worker.streams == 2)
    await worker.report(*batch)
    await worker.settled()
    assert failed
    assert [(await look(conn, task_id)).state for task_id in ids[:2]] == [State.RUNNING, State.COMPLETE]
    assert (await look(conn, ids[2])).error == "unreadable"
    assert not worker.stale


async def test_a_released_task_goes_back_without_losing_an_attempt(conn, start_worker):
    worker = await start_worker(slots=1)
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.RELEASED))
    again = (await worker.given(2))[1]
    assert (again.task_id, again.attempt) == (task_id.bytes, 1)


async def test_an_unknown_command_is_parked_and_picked_up_when_somebody_knows_it(conn, start_worker):
    await start_worker(name="one", commands=["noop"])
    [task_id] = await add(conn, command="rare")

    async def parked() -> bool:
        return (await look(conn, task_id)).state is State.PARKED

    await eventually(parked)
    assert "no worker online knows the command 'rare'" in (await look(conn, task_id)).error
    knows = await start_worker(name="two", commands=["noop", "rare"])
    [lease] = await knows.given(1)
    assert lease.task_id == task_id.bytes
    assert (await look(conn, task_id)).error is None


async def test_a_task_goes_only_to_a_worker_that_knows_its_command(conn, start_worker):
    left = await start_worker(name="left", commands=["left"])
    right = await start_worker(name="right", commands=["right"])
    await eventually(lambda: left.streams and right.streams)
    await add(conn, 3, command="left")
    await add(conn, 3, command="right")
    await left.given(3)
    await right.given(3)
    assert {lease.command for lease in left.leases} == {"left"}
    assert {lease.command for lease in right.leases} == {"right"}


async def test_a_scheduled_task_is_given_out_when_it_is_due(conn, stub, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn, delay=0.3)
    await stub.Wake([pb.WakeRequest(later=True)])
    await worker.given(1)
    row = await look(conn, task_id)
    assert row.picked_at >= row.scheduled_at


@pytest.fixture
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(strays, "AGE", 0.2)


async def test_a_lease_whose_claim_was_not_answered_is_given_back(impatient, conn, start_worker, monkeypatch):
    claim, lost = dispatcher.claim_onward, []

    async def cut_off_once(*args):
        rows = await claim(*args)
        if rows and not lost:
            lost.extend(rows)
            raise StoreUnavailable("the line was cut after COMMIT")
        return rows

    monkeypatch.setattr(dispatcher, "claim_onward", cut_off_once)
    worker = await start_worker()
    [task_id] = await add(conn)
    await eventually(lambda: lost)
    [lease] = await worker.given(1)
    assert lease.task_id == task_id.bytes
    assert lease.lease_token > lost[0].lease_token


async def test_a_worker_with_a_broken_clock_harms_nobody(conn, start_worker):
    worker = await start_worker()
    ids = await add(conn, 2)
    first, second = await worker.given(2)
    for lease, age in ((first, 2**64 - 1), (second, 2**63 - 1)):
        await worker.report(
            pb.TaskOutcome(
                task_id=lease.task_id,
                lease_token=lease.lease_token,
                status=pb.COMPLETE,
                started_us_ago=age,
                finished_us_ago=age,
            )
        )
    await worker.settled()
    for task_id in ids:
        row = await look(conn, task_id)
        assert row.state is State.COMPLETE
        assert row.picked_at == row.started_at == row.finished_at


async def test_a_stream_whose_writer_fails_is_dialled_again(conn, start_worker, monkeypatch):
    columns, failed = stream._columns, []

    def fail_once(leases):
        if leases and not failed:
            failed.append(leases)
            raise ValueError("leases that do not fit into a message")
        return columns(leases)

    monkeypatch.setattr(stream, "_columns", fail_once)
    worker = await start_worker()
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    assert failed
    assert lease.task_id == task_id.bytes


async def test_what_is_no_columns_ends_the_stream_and_the_next_one_is_read(conn, start_worker, monkeypatch):
    monkeypatch.setattr(stream, "UNSETTLED", 2)
    monkeypatch.setattr(stream, "REDIAL", 0.01)
    worker = await start_worker()
    [task_id] = await add(conn)
    await worker.given(1)
    for broken in range(2):
        worker.holding = [pb.LeaseRef(task_id=lease.task_id, lease_token=lease.lease_token) for lease in worker.leases]
        await worker.report_completed(pb.CompletionColumns(task_ids=b"no id"))
        await worker.end_stream()
        await eventually(lambda streams=broken + 2: worker.streams == streams)
    await worker.complete(worker.leases)
    await worker.settled()
    assert (await look(conn, task_id)).state is State.COMPLETE
