"""The real worker program against a peer that speaks the coordinator's side of the contract."""

import json
import os

import grpc
import pytest

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import WorkerServiceStub
from tests.fixtures.eventually import eventually
from tests.worker.conftest import StartWorker, WorkerProgram
from tests.worker.peer import Lease, Peer, lease, uuid_of


async def outcome(peer: Peer, one: Lease) -> pb.TaskOutcome:
    return await eventually(lambda: peer.outcome_of(one), timeout=30)


async def test_a_worker_registers_with_what_it_can_do(peer: Peer, worker: WorkerProgram) -> None:
    first = peer.heartbeats[0]
    handlers = {handler.command: handler for handler in first.handlers}

    assert (first.session_id, first.name, first.slots, first.streaming) == (0, "worker-1", 2, True)
    assert first.worker_id.startswith("worker-1-")
    assert first.address.startswith("127.0.0.1:")
    assert first.rss_bytes > 1_000_000
    assert {"noop", "demo-job", "add", "raise"} <= handlers.keys()
    assert not {"shell", "http"} & handlers.keys()
    assert (handlers["raise"].timeout_seconds, handlers["raise"].max_attempts) == (30, 5)
    assert (handlers["add"].timeout_seconds, handlers["add"].max_attempts) == (0, 0)


async def test_heartbeats_go_on_with_the_session_they_were_given(peer: Peer, worker: WorkerProgram) -> None:
    await eventually(lambda: len(peer.heartbeats) > 4)
    assert [beat.session_id for beat in peer.heartbeats[:2]] == [0, 1]
    assert {beat.session_id for beat in peer.heartbeats[1:]} == {1}
    assert len({beat.worker_id for beat in peer.heartbeats}) == 1


async def test_leases_run_and_are_told_with_their_tokens(peer: Peer, worker: WorkerProgram) -> None:
    leases = [lease("add", json.dumps({"a": n}).encode(), token=n + 1) for n in range(1200)]
    for start in range(0, len(leases), 400):
        await peer.give(*leases[start : start + 400])

    await eventually(lambda: len(peer.told.outcomes) == len(leases), timeout=30)

    told = {(one.task_id, one.lease_token): one for one in peer.told.outcomes}
    for n, one in enumerate(leases):
        end = told[one.task_id, one.lease_token]
        assert (end.status, end.result) == (pb.COMPLETE, str(n + 1).encode())
        assert end.started_us_ago >= end.finished_us_ago
    assert peer.told.sequences == list(range(1, len(peer.told.sequences) + 1))


async def test_a_context_knows_its_task_and_its_log_lines_carry_the_id(peer: Peer, worker: WorkerProgram) -> None:
    ours, theirs = lease("who-am-i", attempt=3), lease("sync-who-am-i", attempt=2)
    await peer.give(ours, theirs)

    facts = json.loads((await outcome(peer, ours)).result)
    assert facts == {"task_id": str(uuid_of(ours)), "attempt": 3, "command": "who-am-i"}
    facts = json.loads((await outcome(peer, theirs)).result)
    assert facts == {"task_id": str(uuid_of(theirs)), "attempt": 2, "command": "sync-who-am-i", "stdin": ""}

    lines = [json.loads(line) for line in worker.log.splitlines() if line.startswith("{")]
    for one, text in ((ours, "an async task speaks"), (theirs, "a sync task speaks")):
        (line,) = [line for line in lines if line["event"] == text]
        assert (line["task_id"], line["command"]) == (str(uuid_of(one)), one.command)
    assert "a print of a task goes to stderr" in worker.log


async def test_only_a_run_that_lasts_is_told_as_started(peer: Peer, worker: WorkerProgram) -> None:
    short, long = lease("add", b'{"a": 1}'), lease("wait", b'{"seconds": 1.5}')
    await peer.give(short, long)

    await outcome(peer, long)
    assert peer.statuses_of(short) == [pb.COMPLETE]
    assert peer.statuses_of(long) == [pb.STARTED, pb.COMPLETE]


async def test_a_command_nobody_registered_is_given_back(peer: Peer, worker: WorkerProgram) -> None:
    unknown = lease("no-such-command")
    await peer.give(unknown)
    end = await outcome(peer, unknown)
    assert (end.status, end.started_us_ago) == (pb.RELEASED, 0)


async def test_what_was_not_settled_is_told_again_on_the_next_stream(peer: Peer, worker: WorkerProgram) -> None:
    peer.settles = False
    first, second = lease("add", b'{"a": 1}'), lease("wait", b'{"seconds": 3}')
    await peer.give(first, second)
    await outcome(peer, first)

    told, peer.told.sequences = list(peer.told.sequences), []
    await peer.hang_up()
    await peer.dial(peer.session.session_id)
    await eventually(lambda: peer.told.sequences[: len(told)] == told)

    # The lease that still runs is among what the worker says it holds, and so is the one that nobody settled.
    assert {key for key, _ in peer.told.holding[-1]} == {first.task_id, second.task_id}
    assert (await outcome(peer, second)).status == pb.COMPLETE
    assert peer.statuses_of(first) == [pb.COMPLETE, pb.COMPLETE]
    assert peer.told.sequences == list(range(1, len(peer.told.sequences) + 1))


async def test_what_was_settled_is_never_told_again(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("add", b'{"a": 1}')
    await peer.give(one)
    await outcome(peer, one)
    await eventually(lambda: peer.told.sequences == [1])

    # The next outcome comes after the settlement was read, for both travel down the same stream.
    two = lease("add", b'{"a": 2}')
    await peer.give(two)
    await outcome(peer, two)
    await peer.hang_up()
    await peer.dial(peer.session.session_id)
    await eventually(lambda: len(peer.told.holding) == 2)

    assert first_missing(peer.told.holding[1], one)
    assert peer.statuses_of(one) == [pb.COMPLETE]


def first_missing(holding: list[tuple[bytes, int]], one: Lease) -> bool:
    return (one.task_id, one.lease_token) not in holding


async def test_a_second_stream_replaces_the_first(peer: Peer, worker: WorkerProgram) -> None:
    first = peer.call
    async with open_channel(peer.session.address) as channel:
        second = WorkerServiceStub(channel).RunTasks()
        await second.write(pb.TaskBatch(session_id=peer.session.session_id))
        assert (await second.read()).sequence == 0
        assert await first.code() == grpc.StatusCode.OK
        second.cancel()


async def test_a_stream_of_another_session_is_refused(
    peer: Peer, worker: WorkerProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_channel(peer.session.address) as channel:
        call = WorkerServiceStub(channel).RunTasks()
        await call.write(pb.TaskBatch(session_id=999))
        assert await call.code() == grpc.StatusCode.FAILED_PRECONDITION


async def test_a_session_that_is_over_drops_its_leases_and_begins_a_new_life(peer: Peer, worker: WorkerProgram) -> None:
    running = [lease("wait", b'{"seconds": 60}') for _ in range(2)]
    await peer.give(*running)
    await eventually(lambda: all(peer.statuses_of(one) == [pb.STARTED] for one in running))
    old = peer.session

    peer.over.add(old.session_id)
    await eventually(lambda: peer.session.session_id != old.session_id)
    assert peer.session.worker_id != old.worker_id
    assert peer.session.worker_id.startswith("worker-1-")
    assert await peer.ended() == grpc.StatusCode.OK

    peer.told.sequences.clear()
    await peer.dial(peer.session.session_id)
    fresh = lease("add", b'{"a": 41}')
    await peer.give(fresh)
    # Both slots are free again, numbers begin with 1, and nothing is told of the dropped leases.
    assert (await outcome(peer, fresh)).result == b"42"
    assert peer.told.sequences == [1]
    assert [peer.outcome_of(one) for one in running] == [None, None]


async def test_a_broken_stream_brings_the_next_heartbeat_at_once(peer: Peer, worker: WorkerProgram) -> None:
    peer.interval = 3600
    before = len(peer.heartbeats)
    await eventually(lambda: len(peer.heartbeats) > before)

    await peer.hang_up()

    await eventually(lambda: len(peer.heartbeats) > before + 1)
    assert peer.session.session_id == 1


async def test_heartbeats_go_on_while_a_coroutine_blocks_its_loop(peer: Peer, worker: WorkerProgram) -> None:
    blocking, sync = lease("block", b'{"seconds": 3}'), lease("sync-wait", b'{"seconds": 60}', timeout=1.5)
    await peer.give(sync)
    await eventually(lambda: peer.statuses_of(sync) == [pb.STARTED], timeout=30)
    await peer.give(blocking)

    await eventually(lambda: any(beat.loop_lag_seconds > 1 for beat in peer.heartbeats))
    assert (await outcome(peer, sync)).error == "timed out after 1.5 s"
    assert (await outcome(peer, blocking)).status == pb.COMPLETE


async def test_a_coordinator_that_comes_later_is_waited_for(start_worker: StartWorker, peer: Peer) -> None:
    port = peer.server.port
    await peer.stop()
    worker = start_worker()
    await eventually(lambda: "coordinator_lost" in worker.log, timeout=30)

    late = Peer(port)
    await late.start()
    try:
        await eventually(lambda: any(beat.session_id for beat in late.heartbeats), timeout=30)
    finally:
        await late.stop()


async def test_a_coordinator_that_is_gone_is_left_for_the_next_of_the_list(
    start_worker: StartWorker, peer: Peer
) -> None:
    start_worker(COORDINATOR_ADDRESS=f"127.0.0.1:1,{peer.address}")
    await eventually(lambda: any(beat.session_id for beat in peer.heartbeats), timeout=30)


async def test_a_single_task_is_taken_when_a_slot_is_free_and_told_by_update(peer: Peer, worker: WorkerProgram) -> None:
    one = lease("wait", b'{"seconds": 1.5}')
    request = pb.TaskRequest(
        task_id=str(uuid_of(one)), command=one.command, payload=one.payload, lease_token=9, attempt=1
    )
    async with open_channel(peer.session.address) as channel:
        stub = WorkerServiceStub(channel)
        assert (await stub.SubmitTask(request)).accepted
        unknown = await stub.SubmitTask(pb.TaskRequest(task_id=str(uuid_of(lease("x"))), command="no-such-command"))
        assert (unknown.accepted, unknown.detail) == (False, "this worker does not know the command 'no-such-command'")
        wrong = await stub.SubmitTask(pb.TaskRequest(task_id="12", command="add"))
        assert (wrong.accepted, wrong.detail) == (False, "task_id must be a UUID; '12' is not")

    await eventually(lambda: len(peer.updates) == 2)
    started, ended = peer.updates
    assert (started.status, ended.status, ended.result) == (pb.STARTED, pb.COMPLETE, b'"waited"')
    assert {update.lease_token for update in peer.updates} == {9}
    assert {update.worker_id for update in peer.updates} == {peer.session.worker_id}


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ("no_such_module_here", "TASKMASTER_TASKS names 'no_such_module_here', and there is no such module"),
        (
            "tests.worker.broken_tasks",
            "TASKMASTER_TASKS: importing 'tests.worker.broken_tasks' failed: InvalidHandler: ",
        ),
    ],
)
async def test_a_module_that_cannot_be_loaded_is_one_line_and_exit_78(
    start_worker: StartWorker, modules: str, said: str
) -> None:
    worker = start_worker(TASKMASTER_TASKS=modules)
    assert await worker.exit_code() == 78
    (line,) = worker.log.splitlines()
    assert line.startswith(f"taskmaster worker: {said}")


async def test_a_port_in_use_is_one_line_and_exit_78(start_worker: StartWorker, peer: Peer) -> None:
    worker = start_worker(WORKER_PORT=str(peer.server.port))
    assert await worker.exit_code() == 78
    assert worker.log.splitlines()[-1].startswith("taskmaster worker: cannot listen on 127.0.0.1:")


def test_the_package_is_light_to_import() -> None:
    import subprocess
    import sys

    program = (
        "import sys, cluster; print(sorted({'grpc', 'psycopg', 'structlog', 'httpx', 'msgspec'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
