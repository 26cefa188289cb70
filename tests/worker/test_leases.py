"""What the worker holds: taken away, dropped with its session, and forgotten when it is settled."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from cluster import Context
from cluster.core.outcome import Failed, Released, Succeeded
from cluster.worker.invoke import Prepared
from cluster.worker.leases import Leases
from cluster.worker.outbox import Batch
from cluster.worker.registry import Handler
from cluster.worker.run import Run
from cluster.worker.stuck import ABANDONED_MAX, StuckLoop
from tests.fixtures.eventually import eventually
from tests.worker.processes import Processes

RELEASE = threading.Event()


async def forever() -> None:
    await asyncio.Event().wait()


async def noop() -> None: ...


async def reporting(ctx: Context) -> None:
    ctx.progress(0.5, "half")


async def block() -> None:
    RELEASE.wait()


async def stubborn() -> None:
    while not RELEASE.is_set():
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue


def plain() -> None: ...


HANDLERS = {f.__name__: Prepared(Handler(f.__name__, f)) for f in (forever, noop, reporting, block, stubborn, plain)}


class Held:
    def __init__(self) -> None:
        self.processes = Processes()
        self.leases = Leases(2, HANDLERS, self.processes)

    def give(self, command: str, count: int = 1, timeout: float | None = None) -> list[Run]:
        runs = [Run(uuid4().bytes, 1, command, b"{}", 1, timeout) for _ in range(count)]
        self.leases.accept(runs)
        return runs

    async def told(self) -> Batch:
        return await self.leases.outbox.next()

    async def settled(self, runs: list[Run]) -> None:
        """Settle what is told until all of these have been."""
        while any(self.leases.holds(run) for run in runs):
            self.leases.settle((await self.told()).sequence)


@pytest_asyncio.fixture
async def held() -> AsyncIterator[Held]:
    RELEASE.clear()
    held = Held()
    await held.leases.start()
    yield held
    RELEASE.set()
    await held.leases.stop()
    assert not held.processes.running


async def nothing_is_left(held: Held) -> None:
    """Both slots are free, and nobody remembers a run."""
    await held.settled(held.give("noop", 10))
    leases = held.leases
    assert repr(leases) == f"<Leases held=0 draining={leases.draining}>"
    assert "waiting=0 unsettled=0" in repr(leases.outbox)
    assert repr(leases.board) == "<Board words=0>"
    assert repr(leases.executor._slots) == "<Slots 0/2 waiting=0>"


@pytest.mark.parametrize("command", ["forever", "plain"])
async def test_what_runs_can_be_taken_away_in_silence(held: Held, command: str) -> None:
    runs = held.give(command, 2)
    await eventually(lambda: all(run.started for run in runs))
    held.leases.refuse(run.key for run in runs)
    assert len(held.leases) == 0
    await nothing_is_left(held)
    await eventually(lambda: not held.processes.running and all(run.silent for run in runs))


async def test_what_waits_can_be_taken_away_and_the_others_keep_their_place(held: Held) -> None:
    running, waiting = held.give("forever", 2), held.give("noop", 1000)
    await eventually(lambda: all(run.started for run in running))
    held.leases.refuse(run.key for run in waiting[1::2])
    held.leases.refuse(run.key for run in running)
    await held.settled(waiting[::2])
    assert {type(run.outcome) for run in waiting[::2]} == {Succeeded}
    assert not any(run.started for run in waiting[1::2])
    await nothing_is_left(held)


async def test_a_thousand_runs_are_told_in_two_messages_and_cross_to_the_io_loop_twice(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.worker.gathering.LINGER_SECONDS", 60.0)
    executor, crossed = held.leases.executor, 0
    tell_io = executor._tell_io

    def counted(*call: Any) -> None:
        nonlocal crossed
        crossed += 1
        tell_io(*call)

    monkeypatch.setattr(executor, "_tell_io", counted)
    runs = held.give("noop", 1000)
    batches = [await held.told() for _ in range(2)]
    assert [run for batch in batches for run in batch.ended] == runs
    assert crossed == 2
    held.leases.settle(2)


async def test_what_is_not_held_can_be_taken_away_as_often_as_one_likes(held: Held) -> None:
    held.leases.refuse([(bytes(16), 1), (bytes(16), 1)])
    await nothing_is_left(held)


async def test_with_its_session_ends_what_runs_and_what_had_ended_is_told_in_the_next(held: Held) -> None:
    (told, untold), running = held.give("noop", 2), held.give("forever", 2)
    first = await held.told()
    assert set(first.ended) == {told, untold}
    held.give("forever", 5)
    held.leases.drop()
    assert len(held.leases) == 2

    again = await held.told()
    assert (again.sequence, set(again.ended)) == (1, {told, untold})
    held.leases.refuse([told.key, untold.key])
    held.leases.settle(1)
    await eventually(lambda: all(run.silent for run in running))
    await nothing_is_left(held)


async def test_a_worker_that_drains_tells_no_next_session(held: Held) -> None:
    held.give("noop", 3)
    await held.told()
    held.leases.drain()
    held.leases.drop()
    await held.leases.settled()
    assert "waiting=0 unsettled=0" in repr(held.leases.outbox)


async def test_a_start_that_was_on_its_way_when_its_session_ended_is_not_told(held: Held) -> None:
    running = held.give("forever", 2)
    await eventually(lambda: all(run.started for run in running))
    held.leases.drop()
    held.leases._report(running, [])
    assert "waiting=0" in repr(held.leases.outbox)
    await nothing_is_left(held)


async def test_nothing_is_left_of_20_000_runs_of_every_kind(held: Held) -> None:
    for _ in range(20):
        await held.settled([*held.give("noop", 500), *held.give("reporting", 500)])
    for _ in range(50):
        held.give("forever", 100)
        held.leases.refuse(list(held.leases._held))
        held.give("noop", 50)
        held.give("plain", 50)
        held.leases.drop()
        await held.settled(list(held.leases._held.values()))
    held.leases.board.step()
    await nothing_is_left(held)
    assert not held.leases.executor.abandoned


async def test_what_a_blocked_loop_cannot_report_is_reported_for_it(held: Held) -> None:
    # In one turn of the loop: the first ends, the second blocks, and nobody gets to report the first.
    done, blocking, beside = (Run(uuid4().bytes, 1, command, b"{}", 1, 9.0) for command in ("noop", "block", "forever"))
    held.leases.accept([done, blocking, beside])
    await eventually(lambda: done.outcome is not None and held.leases.executor.doing().command == "block")
    held.leases.give_up_loop([blocking])
    batch = await held.told()
    assert {run: type(run.outcome) for run in batch.ended} == {done: Succeeded, blocking: Failed, beside: Released}


async def test_a_loop_full_of_runs_that_ignore_their_cancellation_is_given_up(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.worker.slots.CANCEL_GRACE_NS", 1_000_000)
    stuck = StuckLoop(held.leases)
    await stuck.step()
    stuck.check()
    runs = held.give("stubborn", ABANDONED_MAX, timeout=0.001)
    await eventually(lambda: held.leases.executor.abandoned == ABANDONED_MAX)
    await stuck.step()
    await stuck.wait()
    with pytest.raises(Exception, match="200 coroutines ignored their cancellation"):
        stuck.check()
    await held.settled(runs)
    RELEASE.set()
    await eventually(lambda: held.leases.executor.abandoned == 0)
