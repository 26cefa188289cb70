"""What workers and their coordinator tell of themselves: where they run, how they fare, what they offer."""

from cluster.store import commands, sessions
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually


async def test_a_worker_says_where_its_process_runs(conn, start_worker):
    await start_worker(host="here", pid=4711)
    row = await (await conn.execute("SELECT host, pid FROM sessions")).fetchone()
    assert row == ("here", 4711)


async def test_a_stream_says_who_dials(coordinator, conn, start_worker):
    worker = await start_worker()
    answer = await worker.heartbeat()
    await eventually(lambda: worker.dialled_by == coordinator.id == answer.coordinator_id)


async def test_a_blocked_task_loop_is_told_once_with_the_task_that_blocks_it_and_once_when_it_is_free(
    stub, start_worker
):
    worker = await start_worker(name="w")
    async with watching(stub) as heard:
        for seconds in (2.0, 7.0):
            await worker.heartbeat(blocked_by="greedy", blocked_seconds=seconds)
        await worker.heartbeat()
        await worker.heartbeat()
        await worker.heartbeat(blocked_by="other", blocked_seconds=1.0)
        await eventually(lambda: len(heard.named("worker_blocked")) == 3)
    assert [(event.level, event.msg) for event in heard.named("worker_blocked")] == [
        ("warning", "greedy has blocked the task loop of w for 2.0 s"),
        ("info", "the task loop of w is free again"),
        ("warning", "other has blocked the task loop of w for 1.0 s"),
    ]
    assert {event.worker_id for event in heard.events} == {worker.worker_id}


async def test_what_a_worker_tells_of_its_commands_is_kept(conn, start_worker):
    handlers = [
        pb.Handler(command="thumbnail", timeout_seconds=1.5, max_attempts=5, description="Makes\n one.",
                   parameters=b'{"type":"object"}'),
        pb.Handler(command="broken", description="odd\x00", parameters=b"no json"),
        pb.Handler(command="large", parameters=b"[" + b"1," * 20_000 + b"1]"),
        pb.Handler(command="silent"),
    ]  # fmt: skip
    await start_worker(handlers=handlers, commands=["simple"])
    told = {one.command: one for one in await commands.offered(conn)}
    assert told["thumbnail"].description == "Makes one."
    assert (told["thumbnail"].timeout_ms, told["thumbnail"].max_attempts) == (1500, 5)
    assert told["thumbnail"].parameters == b'{"type":"object"}'
    assert {told[name].parameters for name in ("broken", "large", "silent", "simple")} == {None}


async def test_the_pace_of_a_worker_is_kept_with_its_session(conn, start_worker):
    worker = await start_worker()
    session_id = (await worker.heartbeat()).session_id
    pulse = sessions.Pulse(session_id, 3, 1, 0, 0.0, draining=False, age=0.0, rate=2.5)
    [(coordinator,)] = await (await conn.execute("SELECT coordinator FROM sessions")).fetchall()
    await sessions.prolong(conn, coordinator, [pulse], 60)
    [row] = await sessions.live_sessions(conn)
    assert row.rate == 2.5
