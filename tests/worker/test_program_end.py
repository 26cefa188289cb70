"""The real worker program at its end: drained, signalled, stuck, killed."""

import signal

import grpc
import psutil
import pytest

from cluster.wire import taskmaster_pb2 as pb
from tests.fixtures.eventually import eventually
from tests.worker.conftest import StartWorker, WorkerProgram, connected
from tests.worker.peer import Lease, Peer, lease


async def outcome(peer: Peer, one: Lease) -> pb.TaskOutcome:
    return await eventually(lambda: peer.outcome_of(one), timeout=30)


async def test_a_drain_finishes_what_runs_and_gives_back_the_rest(peer: Peer, worker: WorkerProgram) -> None:
    running = [lease("wait", b'{"seconds": 3}') for _ in range(2)]
    waiting = [lease("wait", b'{"seconds": 60}') for _ in range(3)]
    await peer.give(*running, *waiting)
    await eventually(lambda: all(peer.statuses_of(one) == [pb.STARTED] for one in running))

    worker.send(signal.SIGTERM)
    for one in waiting:
        assert (await outcome(peer, one)).status == pb.RELEASED
    assert [peer.outcome_of(one) for one in running] == [None, None]
    await eventually(lambda: peer.heartbeats[-1].draining)
    late = lease("add", b'{"a": 1}')
    await peer.give(late)
    assert (await outcome(peer, late)).status == pb.RELEASED
    for one in running:
        assert (await outcome(peer, one)).status == pb.COMPLETE
    assert await worker.exit_code() == 0


async def test_a_worker_that_holds_nothing_says_that_it_drains_before_it_leaves(
    peer: Peer, worker: WorkerProgram
) -> None:
    worker.send(signal.SIGTERM)
    assert await worker.exit_code() == 0
    assert peer.heartbeats[-1].draining


async def test_a_drained_worker_ends_its_stream_itself(peer: Peer, worker: WorkerProgram) -> None:
    worker.send(signal.SIGTERM)

    assert await peer.ended() == grpc.StatusCode.OK
    assert await worker.exit_code() == 0


async def test_what_outlasts_the_drain_is_given_back(peer: Peer, start_worker: StartWorker) -> None:
    worker = start_worker(DRAIN_TIMEOUT="0.2")
    await connected(peer)
    leases = [lease("wait", b'{"seconds": 60}'), lease("sync-wait", b'{"seconds": 60}')]
    await peer.give(*leases)
    await eventually(lambda: all(peer.statuses_of(one) == [pb.STARTED] for one in leases), timeout=30)

    worker.send(signal.SIGTERM)
    for one in leases:
        assert (await outcome(peer, one)).status == pb.RELEASED
    assert await worker.exit_code() == 0


async def test_a_second_signal_ends_it_at_once(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("wait", b'{"seconds": 60}')
    await peer.give(one)
    await eventually(lambda: peer.statuses_of(one) == [pb.STARTED])
    worker.send(signal.SIGTERM)
    await eventually(lambda: peer.heartbeats[-1].draining)
    worker.send(signal.SIGTERM)
    assert await worker.exit_code() == 128 + signal.SIGTERM


async def test_outcomes_that_nobody_takes_are_said_at_the_end(
    peer: Peer, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start_worker(DRAIN_TIMEOUT="0.1")
    await connected(peer)
    peer.settles = False
    one = lease("add", b'{"a": 1}')
    await peer.give(one)
    await outcome(peer, one)

    worker.send(signal.SIGTERM)
    assert await worker.exit_code() == 1
    assert "1 outcomes could not be reported" in worker.log


async def test_a_task_that_ignores_its_cancellation_does_not_hold_the_worker(peer: Peer, worker: WorkerProgram) -> None:
    stubborn = [lease("stubborn", timeout=0.1) for _ in range(2)]
    after = lease("add", b'{"a": 1}')
    await peer.give(*stubborn)

    for one in stubborn:
        end = await outcome(peer, one)
        assert (end.status, end.error) == (pb.FAILED, "timed out after 0.1 s")
    # Not before: what waits as long as a cancelled run may take to end is given back.
    await peer.give(after)
    assert (await outcome(peer, after)).status == pb.COMPLETE
    worker.send(signal.SIGTERM)
    assert await worker.exit_code() == 0


async def test_a_loop_that_is_blocked_beyond_a_timeout_is_given_up(peer: Peer, worker: WorkerProgram) -> None:
    blocking, beside, later = (
        lease("block", b'{"seconds": 600}', timeout=0.1),
        lease("wait", b'{"seconds": 60}'),
        lease("pid"),
    )
    await peer.give(beside)
    await eventually(lambda: peer.statuses_of(beside) == [pb.STARTED])
    await peer.give(blocking)
    await eventually(lambda: peer.heartbeats[-1].loop_lag_seconds > 1)
    await peer.give(later)

    end = await outcome(peer, blocking)
    assert (end.status, end.error) == (pb.FAILED, "timed out after 0.1 s, and the event loop of its worker was blocked")
    for one in (beside, later):
        assert (await outcome(peer, one)).status == pb.RELEASED
    assert await worker.exit_code() == 1
    assert '"blocked_by": "block"' in worker.log
    assert worker.log.splitlines()[-1].startswith("taskmaster worker: a coroutine blocked the event loop")


async def test_children_die_with_a_killed_worker(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("sync-wait", b'{"seconds": 60}')
    await peer.give(one)
    await eventually(lambda: peer.statuses_of(one) == [pb.STARTED], timeout=30)
    children = await eventually(lambda: psutil.Process(worker.process.pid).children(), timeout=30)

    worker.send(signal.SIGKILL)
    await worker.exit_code()
    await eventually(lambda: not any(child.is_running() for child in children))
