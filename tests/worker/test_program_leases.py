"""The real worker program: leases that are taken away, lost with a session, told late, and how far they are."""

import json
import os
import signal
from pathlib import Path

import grpc
import psutil
import pytest

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import WorkerServiceStub
from tests.fixtures.eventually import eventually
from tests.worker.conftest import StartWorker, WorkerProgram, connected
from tests.worker.peer import Lease, Peer, columns, lease, uuid_of


async def outcome(peer: Peer, one: Lease) -> pb.TaskOutcome:
    return await eventually(lambda: peer.outcome_of(one), timeout=30)


async def started(peer: Peer, *leases: Lease) -> None:
    await eventually(lambda: all(peer.statuses_of(one) == [pb.STARTED] for one in leases), timeout=30)


async def family(path: Path) -> list[psutil.Process]:
    """The process that runs sync-family, and its child."""
    text = await eventually(lambda: path.read_text() if path.exists() else "", timeout=30)
    return [psutil.Process(int(pid)) for pid in text.split()]


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def all_slots_are_free(peer: Peer, slots: int = 2) -> None:
    """That many run at once; afterwards they are free again."""
    others = [lease("wait", b'{"seconds": 60}') for _ in range(slots)]
    await peer.give(*others)
    await started(peer, *others)
    await peer.take_away(*others)
    after = lease("add", b'{"a": 1}')
    await peer.give(after)
    assert (await outcome(peer, after)).status == pb.COMPLETE


# ---------------------------------------------------------------------- taken away


async def test_a_coroutine_that_is_taken_away_is_ended_and_not_told(peer: Peer, worker: WorkerProgram) -> None:
    cancelled = lease("wait", b'{"seconds": 60}')
    await peer.give(cancelled)
    await started(peer, cancelled)
    await peer.take_away(cancelled)
    await all_slots_are_free(peer)
    assert peer.outcome_of(cancelled) is None


async def test_a_process_that_is_taken_away_is_killed_with_what_it_started(
    peer: Peer, worker: WorkerProgram, tmp_path: Path
) -> None:
    payload = json.dumps({"path": str(tmp_path / "pids"), "seconds": 600})
    cancelled = lease("sync-family", payload.encode())
    await peer.give(cancelled)
    both = await family(tmp_path / "pids")
    await peer.take_away(cancelled)
    await eventually(lambda: all(gone(one) for one in both))
    await all_slots_are_free(peer)
    assert peer.outcome_of(cancelled) is None


async def test_what_waits_for_a_slot_and_is_taken_away_is_not_told(peer: Peer, worker: WorkerProgram) -> None:
    # The loop is blocked until both batches are there.
    first, waiting = [lease("block", b'{"seconds": 1}') for _ in range(2)], [lease("who-am-i") for _ in range(50)]
    await peer.give(*first, *waiting)
    await peer.take_away(*waiting)
    for one in first:
        assert (await outcome(peer, one)).status == pb.COMPLETE
    await all_slots_are_free(peer)
    assert not any(peer.outcome_of(one) for one in waiting)


async def test_a_lease_that_is_taken_away_by_the_batch_that_brings_it_never_starts(
    peer: Peer, worker: WorkerProgram
) -> None:
    one = lease("who-am-i")
    ref = pb.LeaseRef(task_id=one.task_id, lease_token=one.lease_token)
    await peer._write(pb.TaskBatch(leases=columns([one]), stale=[ref]))
    await all_slots_are_free(peer)
    assert peer.outcome_of(one) is None


# ---------------------------------------------------------------------- sessions


async def test_what_had_ended_when_the_session_did_is_told_in_the_next_and_forgotten(
    peer: Peer, worker: WorkerProgram
) -> None:
    peer.settles = False
    done, running = lease("add", b'{"a": 1}'), lease("wait", b'{"seconds": 60}')
    await peer.give(done, running)
    await outcome(peer, done)
    await started(peer, running)

    old = peer.session
    peer.over.add(old.session_id)
    await eventually(lambda: peer.session.session_id != old.session_id)
    peer.told.sequences.clear()
    peer.told.outcomes.clear()
    await peer.dial(peer.session.session_id)
    assert (await outcome(peer, done)).result == b"2"
    assert peer.told.sequences == [1]
    assert peer.told.holding[-1] == [(done.task_id, done.lease_token)]

    # Refused as stale: that was the last word.
    await peer.settle(1, (pb.LeaseRef(task_id=done.task_id, lease_token=done.lease_token),))
    peer.settles = True
    await all_slots_are_free(peer)
    await peer.hang_up()
    await peer.dial(peer.session.session_id)
    await eventually(lambda: len(peer.told.holding) == 3)
    # What ran just before may still wait for its answer.
    held = {key for key, _ in peer.told.holding[-1]}
    assert held.isdisjoint({done.task_id, running.task_id})
    assert (peer.statuses_of(done), peer.outcome_of(running)) == ([pb.COMPLETE], None)


async def test_a_coordinator_that_did_not_answer_the_last_heartbeat_is_refused(
    peer: Peer, worker: WorkerProgram
) -> None:
    async with open_channel(peer.session.address) as channel:
        call = WorkerServiceStub(channel).RunTasks()
        await call.write(pb.TaskBatch(session_id=peer.session.session_id, coordinator_id="another"))
        assert await call.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert "peer answered our last heartbeat" in await call.details()
    # The stream of the right one was not touched.
    await all_slots_are_free(peer)


async def test_a_heartbeat_says_which_process_it_is_and_a_handler_its_backoff(
    peer: Peer, worker: WorkerProgram
) -> None:
    first = peer.heartbeats[0]
    handlers = {handler.command: handler for handler in first.handlers}
    assert (first.host, first.pid) == (os.uname().nodename, worker.process.pid)
    assert handlers["raise"].backoff == pb.Backoff(first_seconds=2, factor=3, cap_seconds=60, jitter=0.5)
    assert not handlers["add"].HasField("backoff")


# ---------------------------------------------------------------------- wishes and progress


async def test_wishes_are_told_from_both_kinds_of_tasks(peer: Peer, worker: WorkerProgram) -> None:
    for command in ("wish", "sync-wish"):
        again, plain, cancel = (
            lease(command, json.dumps({"wish": wish, "how": "raise"}).encode())
            for wish in ("retry", "retry-plain", "cancel")
        )
        await peer.give(again, plain)
        told = await outcome(peer, again)
        assert (told.status, told.error, told.retry_in_seconds) == (pb.FAILED, "not yet", 7.5)
        assert not (await outcome(peer, plain)).HasField("retry_in_seconds")
        await peer.give(cancel)
        told = await outcome(peer, cancel)
        assert (told.status, told.error) == (pb.CANCELLED, "no need")


async def test_progress_of_all_tasks_is_told_together_and_the_latest_wins(peer: Peer, worker: WorkerProgram) -> None:
    words = json.dumps({"seconds": 60, "words": [[n / 1000, f"word {n}"] for n in range(1000)]})
    ours, theirs = lease("report", words.encode()), lease("sync-report", words.encode())
    await peer.give(ours)
    (told,) = await eventually(lambda: peer.told.progress and peer.told.progress[0], timeout=30)
    assert (told.task_id, told.lease_token, told.message) == (ours.task_id, ours.lease_token, "word 999")
    assert told.progress == pytest.approx(0.999)
    await peer.give(theirs)
    (*_, told) = await eventually(
        lambda: [
            one for batch in peer.told.progress for one in batch if (one.task_id, one.message) == last(theirs, 999)
        ],
        timeout=30,
    )
    assert told.progress == pytest.approx(0.999)
    # Not a message for each of 2,000 words, and none that the coordinator must settle.
    assert len(peer.told.progress) < 10
    assert peer.told.sequences == [1, 2]


def last(one: Lease, word: int) -> tuple[bytes, str]:
    return (one.task_id, f"word {word}")


async def test_progress_may_come_from_a_thread_of_a_task(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("report-from-a-thread", b'{"seconds": 60}')
    await peer.give(one)
    (told,) = await eventually(lambda: peer.told.progress and peer.told.progress[0], timeout=30)
    assert (told.progress, told.message) == (0.5, "from a thread")


async def test_a_short_task_tells_no_progress(peer: Peer, worker: WorkerProgram) -> None:
    short = [lease("report", b'{"seconds": 0, "words": [[0.5, "half"]]}') for _ in range(20)]
    long = lease("report", b'{"seconds": 60, "words": [[0.5, "half"]]}')
    await peer.give(*short, long)
    (told,) = await eventually(lambda: peer.told.progress and peer.told.progress[0], timeout=30)
    assert told.task_id == long.task_id


async def test_a_single_task_tells_its_progress_by_update(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("report", b'{"seconds": 2, "words": [[0.25, "a quarter"]]}')
    request = pb.TaskRequest(task_id=str(uuid_of(one)), command=one.command, payload=one.payload, lease_token=9)
    async with open_channel(peer.session.address) as channel:
        assert (await WorkerServiceStub(channel).SubmitTask(request)).accepted
    await eventually(lambda: len(peer.updates) == 3)
    begun, far, ended = peer.updates
    assert [update.status for update in peer.updates] == [pb.STARTED, pb.STARTED, pb.COMPLETE]
    assert not begun.HasField("progress")
    assert (far.progress, far.progress_message, far.lease_token) == (0.25, "a quarter", 9)
    assert not ended.HasField("progress")


# ---------------------------------------------------------------------- killed, blocked


async def test_what_children_and_programs_have_started_dies_with_a_killed_worker(
    peer: Peer, start_worker: StartWorker, tmp_path: Path
) -> None:
    worker = start_worker(SHELL_COMMANDS="sh")
    await connected(peer)
    script = 'sleep 600 & echo "$$ $!" > "$0.new"; mv "$0.new" "$0"; wait'
    await peer.give(
        lease("sync-family", json.dumps({"path": str(tmp_path / "sync"), "seconds": 600}).encode()),
        lease("shell", json.dumps({"argv": ["sh", "-c", script, str(tmp_path / "shell")]}).encode()),
    )
    both = [*await family(tmp_path / "sync"), *await family(tmp_path / "shell")]
    assert len(both) == 4
    worker.send(signal.SIGKILL)
    await worker.exit_code()
    await eventually(lambda: all(gone(one) for one in both))


async def test_programs_are_killed_with_what_they_started_at_their_timeout(
    peer: Peer, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker(SHELL_COMMANDS="sh")
    await connected(peer)
    script = 'trap "" TERM INT; sleep 600 & echo "$$ $!" > "$0.new"; mv "$0.new" "$0"; wait'
    payload = json.dumps({"argv": ["sh", "-c", script, str(tmp_path / "shell")]})
    one = lease("shell", payload.encode(), timeout=3.0)
    await peer.give(one)
    both = await family(tmp_path / "shell")
    assert (await outcome(peer, one)).error == "timed out after 3 s"
    await eventually(lambda: all(gone(process) for process in both))
    await all_slots_are_free(peer)


async def test_who_blocks_the_loop_is_named_in_heartbeats_and_in_the_log(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("block", b'{"seconds": 2.5}')
    await peer.give(one)
    beat = await eventually(lambda: next((beat for beat in peer.heartbeats if beat.blocked_by), None))
    assert beat.blocked_by == "block"
    assert beat.blocked_seconds >= 1
    assert (await outcome(peer, one)).status == pb.COMPLETE
    await eventually(lambda: "task_loop_free" in worker.log and not peer.heartbeats[-1].blocked_by)
    lines = [json.loads(line) for line in worker.log.splitlines() if "task_loop_" in line]
    blocked, free = lines
    assert (blocked["command"], blocked["task_id"]) == ("block", str(uuid_of(one)))
    assert "sample_tasks.py" in blocked["where"][0]
    assert blocked["where"][0].endswith(" block")
    assert (free["event"], free["command"]) == ("task_loop_free", "block")
