"""Tasks whose workers crashed twice run alone; the third crash is their own."""

import asyncio

import pytest

from cluster.coordinator import isolation
from cluster.coordinator.coordinator import Coordinator
from cluster.core.task import State
from cluster.store import leases
from cluster.store.counters import totals
from cluster.store.pool import Connection
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add, look
from tests.coordinator.isolating import add_isolated, given, held_by, reserved
from tests.coordinator.peer import Lease, PeerWorker, outcome
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually


@pytest.fixture(autouse=True)
def brisk(monkeypatch) -> None:
    monkeypatch.setattr(isolation, "LOOK", 0.1)


async def claimed(coordinator: Coordinator) -> None:
    """The claim that is under way has ended: later ones know who is reserved."""
    async with coordinator._dispatcher._claiming:
        pass


async def busy(conn, worker: PeerWorker, count: int) -> list[Lease]:
    """It runs this many tasks."""
    before = len(worker.leases)
    await add(conn, count)
    return (await worker.given(before + count))[before:]


async def test_the_third_crash_of_a_task_puts_it_in_quarantine_and_good_tasks_beside_it_come_through(
    conn, stub, start_worker
):
    [task_id] = await add(conn)
    async with watching(stub) as heard:
        for life, company in enumerate((3, 3, 0)):
            worker = await start_worker(name=f"life-{life}", slots=4)
            good = await add(conn, company)
            await eventually(lambda w=worker: given(w, [task_id]))
            await eventually(lambda w=worker, n=company: len(w.leases) >= n + 1)
            if good:
                await worker.complete(given(worker, good))
                await worker.settled()
            assert await held_by(conn, worker) == [task_id]
            await worker.stop()

            async def rescued(lost: PeerWorker = worker) -> bool:
                return not await held_by(conn, lost)

            await eventually(rescued)
            if life == 1:
                assert (await look(conn, task_id)).state is State.ISOLATED
        isolated = await heard.event("task_isolated")
        assert (isolated.task_id, isolated.level) == (str(task_id), "warning")
        assert "run alone" in isolated.msg
        quarantined = await heard.event("task_quarantined")
        assert (quarantined.task_id, quarantined.level) == (str(task_id), "error")
        assert worker.worker_id in quarantined.msg
    row = await look(conn, task_id)
    assert (row.state, row.crash_count) == (State.QUARANTINED, 3)
    assert "quarantined" in row.error
    counted = await totals(conn)
    assert (counted.quarantined, counted.completed) == (1, 6)


async def test_an_isolated_task_waits_until_its_worker_holds_nothing_and_has_it_for_itself(
    coordinator, conn, start_worker
):
    worker = await start_worker(slots=3)
    first = await busy(conn, worker, 2)
    isolated = await add_isolated(conn)
    # Reserved: the slot that is free stays free.
    await eventually(lambda: reserved(coordinator, worker))
    await claimed(coordinator)
    others = await add(conn, 4)
    await worker.complete(first[:1])
    await worker.settled()
    assert not given(worker, isolated)
    await worker.complete(first[1:])
    [alone] = await eventually(lambda: given(worker, isolated))
    assert await held_by(conn, worker) == isolated
    assert not given(worker, others)
    await worker.complete([alone])
    await worker.settled()
    assert (await look(conn, isolated[0])).state is State.COMPLETE
    await eventually(lambda: len(given(worker, others)) >= 3)


async def test_what_is_on_its_way_to_a_worker_when_it_is_reserved_comes_first(
    coordinator, conn, start_worker, monkeypatch
):
    answered, claim = asyncio.Event(), leases.claim

    async def slow(*args):
        rows = await claim(*args)
        if rows:
            await answered.wait()
        return rows

    monkeypatch.setattr(leases, "claim", slow)
    worker = await start_worker(slots=2)
    [ordinary] = await add(conn)
    await eventually(lambda: held_by(conn, worker))
    [isolated] = await add_isolated(conn)
    await eventually(lambda: reserved(coordinator, worker))
    answered.set()
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.STARTED))
    await worker.settled()
    assert await held_by(conn, worker) == [ordinary]
    await worker.complete([lease])
    await eventually(lambda: given(worker, [isolated]))


async def test_the_least_loaded_worker_is_taken(conn, start_worker):
    loaded = await start_worker(name="loaded", slots=2)
    await busy(conn, loaded, 2)
    idle = await start_worker(name="idle", slots=2)
    isolated = await add_isolated(conn)
    await eventually(lambda: given(idle, isolated))
    assert not given(loaded, isolated)


async def test_a_worker_that_does_not_become_empty_is_given_up_for_one_that_does(coordinator, conn, start_worker):
    stuck = await start_worker(name="stuck", slots=2)
    await busy(conn, stuck, 1)
    isolated = await add_isolated(conn)
    await eventually(lambda: reserved(coordinator, stuck))
    fresh = await start_worker(name="fresh", slots=2)
    await eventually(lambda: given(fresh, isolated))
    assert not reserved(coordinator, stuck)
    [more] = await add(conn)
    await eventually(lambda: given(stuck, [more]))


async def test_many_isolated_tasks_pass_one_after_the_other_without_waiting_for_a_look(conn, start_worker, monkeypatch):
    monkeypatch.setattr(isolation, "LOOK", 30.0)
    worker = await start_worker(slots=3)
    isolated = await add_isolated(conn, 40)
    # Woken by a rescue, as it is in life.
    poison = await start_worker(name="doomed", commands=["rare"])
    await eventually(lambda: poison.streams)
    await _crash_with(conn, poison)
    done: set[bytes] = set()
    while len(done) < 40:
        fresh = (await worker.given(len(done) + 1))[len(done) :]
        assert len(fresh) == 1, "one at a time"
        await worker.complete(fresh)
        done.add(fresh[0].task_id)
    assert done == {task_id.bytes for task_id in isolated}


async def _crash_with(conn: Connection, worker: PeerWorker) -> None:
    [task_id] = await add(conn, command="rare")
    await worker.given(1)
    await conn.execute("UPDATE tasks SET crash_count = 1 WHERE id = %s", [task_id])
    await worker.stop()


async def test_when_the_reserved_worker_dies_another_one_is_taken(conn, start_worker):
    first = await start_worker(name="first", slots=1)
    isolated = await add_isolated(conn, 2)
    await eventually(lambda: given(first, isolated))
    second = await start_worker(name="second", slots=1)
    await first.stop()
    [lease] = await eventually(lambda: given(second, isolated))
    await second.complete([lease])
    await second.settled()
    states = sorted([(await look(conn, task_id)).state for task_id in isolated])
    assert states == [State.COMPLETE, State.QUARANTINED]


async def test_a_worker_that_is_only_reserved_and_dies_takes_nobody_with_it(coordinator, conn, start_worker):
    first = await start_worker(name="first", slots=2)
    await busy(conn, first, 1)
    isolated = await add_isolated(conn)
    await eventually(lambda: reserved(coordinator, first))
    await first.stop()
    second = await start_worker(name="second", slots=2)
    # What the first one ran.
    await second.complete(await second.given(1))
    await eventually(lambda: given(second, isolated))
    assert (await look(conn, isolated[0])).crash_count == 2


async def test_workers_that_know_different_commands_are_each_reserved_for_theirs(conn, start_worker):
    left = await start_worker(name="left", commands=["left"])
    right = await start_worker(name="right", commands=["right"])
    await eventually(lambda: left.streams and right.streams)
    lefts, rights = await add_isolated(conn, command="left"), await add_isolated(conn, command="right")
    nobodys = await add_isolated(conn, command="nobodys")
    await eventually(lambda: given(left, lefts) and given(right, rights))
    await left.complete(left.leases)
    await left.settled()
    [more] = await add(conn, command="left")
    await eventually(lambda: given(left, [more]))
    assert (await look(conn, nobodys[0])).state is State.ISOLATED


async def test_after_its_turn_a_worker_serves_the_others_too(conn, start_worker, monkeypatch):
    monkeypatch.setattr(isolation, "TURN", 0.0)
    worker = await start_worker(slots=1)
    isolated = await add_isolated(conn, 5)
    await eventually(lambda: given(worker, isolated))
    ordinary = await add(conn, 5)
    done: set[bytes] = set()
    while not given(worker, ordinary):
        for lease in [lease for lease in worker.leases if lease.task_id not in done]:
            done.add(lease.task_id)
            await worker.complete([lease])
        await asyncio.sleep(0.01)
    assert len(given(worker, isolated)) < 5


async def test_a_failed_isolated_task_is_alone_again_when_its_turn_comes(conn, start_worker):
    worker = await start_worker(slots=2)
    [task_id] = await add_isolated(conn)
    [lease] = await eventually(lambda: given(worker, [task_id]))
    await worker.report(outcome(lease, pb.FAILED, error="no", retry_in_seconds=0))
    await eventually(lambda: len(given(worker, [task_id])) == 2)
    assert await held_by(conn, worker) == [task_id]


async def test_a_cancelled_isolated_task_lets_its_worker_go(conn, stub, start_worker):
    worker = await start_worker(slots=2)
    [task_id] = await add_isolated(conn)
    await eventually(lambda: given(worker, [task_id]))
    ordinary = await add(conn, 2)
    await stub.CancelTasks(pb.TaskSelection(task_ids=[str(task_id)]))
    await eventually(lambda: len(given(worker, ordinary)) == 2)


async def test_a_worker_that_does_not_become_empty_goes_on_with_its_other_slots(
    coordinator, conn, start_worker, monkeypatch
):
    monkeypatch.setattr(isolation, "PATIENCE", 0.2)
    coordinator._isolation._patience = 0.2
    worker = await start_worker(slots=3)
    [long] = await busy(conn, worker, 1)
    [isolated] = await add_isolated(conn)
    await eventually(lambda: reserved(coordinator, worker))

    await eventually(lambda: not reserved(coordinator, worker))
    others = await busy(conn, worker, 2)

    await worker.complete([long, *others])
    await worker.settled()
    await eventually(lambda: given(worker, [isolated]))


async def test_isolated_tasks_that_nobody_knows_hide_none_that_somebody_does(conn, start_worker):
    await add_isolated(conn, 1001, command="gone-for-good")
    worker = await start_worker(slots=1)
    [isolated] = await add_isolated(conn)
    await eventually(lambda: given(worker, [isolated]))
