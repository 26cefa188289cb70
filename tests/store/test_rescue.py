"""What a lost worker held: ready again, then alone, then in quarantine; and what it reports too late."""

import msgspec

from cluster.core.task import State
from cluster.store import leases, sessions, steering
from cluster.store.counters import totals
from cluster.store.leases import Held, Late, LeasedTask, Progress, Retried
from cluster.store.orders import order_kill
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import add, claim, finish, held, lead, row, session, start


async def crash(conn: Connection, life: int, *, crashed: bool = True) -> list[sessions.Rescued]:
    """A worker takes what there is, alone or not, and is lost."""
    worker_id = f"worker-1-{life:08x}"
    session_id = await session(conn, suffix=f"{life:08x}")
    await claim(conn, 10, session_id, worker_id)
    await leases.claim_isolated(conn, session_id, worker_id, ["noop"], LeasedTask)
    return await sessions.end_sessions(conn, "c1", [session_id], "its process ended", crashed=crashed)


async def test_the_second_crash_isolates_and_the_third_quarantines(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    assert [(await crash(conn, life))[0].state for life in range(3)] == [
        State.READY,
        State.ISOLATED,
        State.QUARANTINED,
    ]
    ended = await row(conn, task_id)
    assert (ended.state, ended.crash_count) == (State.QUARANTINED, 3)
    assert ended.error is not None and "quarantined" in ended.error
    assert [past["outcome"] for past in trail(ended.attempts)] == ["crashed"] * 3
    counted = await totals(conn)
    assert (counted.pending, counted.running, counted.failed, counted.quarantined) == (0, 0, 1, 1)
    assert counted.rescued == 2


async def test_what_was_fed_far_ahead_is_not_to_blame_for_a_crash(conn: Connection) -> None:
    """The guilty one has begun: it is among the first that were given, or was said to run."""
    added = [task.id for task in await add(conn, 150)]
    session_id = await session(conn, slots=5)
    first = await claim(conn, 120, session_id)
    last = await claim(conn, 30, session_id)
    await start(conn, last[-1])
    await sessions.end_sessions(conn, "c1", [session_id], "its process ended", crashed=True)
    blamed = {task_id for task_id in added if (await row(conn, task_id)).crash_count == 1}
    assert blamed == {task.id for task in [*first[:105], last[-1]]}
    assert trail((await row(conn, added[104])).attempts)[0]["outcome"] == "crashed"
    assert (await row(conn, added[105])).attempts is None
    assert {(await row(conn, task_id)).state for task_id in added} == {State.READY}


async def test_a_claim_for_all_leaves_isolated_tasks_alone(conn: Connection) -> None:
    await add(conn, 2)
    await crash(conn, 1)
    await crash(conn, 2)
    assert await claim(conn, 10) == []
    assert await leases.isolated_commands(conn, ["noop", "other"]) == ["noop"]
    assert await leases.isolated_commands(conn, ["other"]) == []
    session_id = await session(conn)
    assert await leases.claim_isolated(conn, session_id, "w", ["other"], LeasedTask) is None
    first = await leases.claim_isolated(conn, session_id, "w", ["other", "noop"], LeasedTask)
    second = await leases.claim_isolated(conn, session_id, "w", ["noop"], LeasedTask)
    assert first is not None and second is not None and first.id != second.id
    assert await leases.isolated_commands(conn, ["noop"]) == []
    assert await finish(conn, first, second) == {first.id, second.id}


async def test_an_isolated_task_stays_isolated_when_it_is_given_back_or_tried_again(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    await crash(conn, 1)
    await crash(conn, 2)
    session_id = await session(conn)
    task = await leases.claim_isolated(conn, session_id, "w", ["noop"], LeasedTask)
    assert task is not None
    await leases.release(conn, held(task))
    assert (await row(conn, task_id)).state is State.ISOLATED
    task = await leases.claim_isolated(conn, session_id, "w", ["noop"], LeasedTask)
    assert task is not None
    await leases.retry(conn, [Retried(lease, 0.0, "e") for lease in held(task)])
    await promoted(conn)
    assert (await row(conn, task_id)).state is State.ISOLATED


async def test_a_worker_that_drained_or_was_killed_by_order_blames_no_task(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    await crash(conn, 1, crashed=False)
    assert (await row(conn, task_id)).crash_count == 0
    doomed = await session(conn, suffix="0000000b")
    await claim(conn, 1, doomed, "worker-1-0000000b")
    await order_kill(conn, "worker-2")
    await order_kill(conn, "worker-1")
    await sessions.end_sessions(conn, "c1", [doomed], "its process ended", crashed=True)
    assert (await row(conn, task_id)).crash_count == 0


async def test_a_kill_order_speaks_of_the_worker_that_had_the_name_then(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    await order_kill(conn, "worker-1")
    await crash(conn, 2)
    assert (await row(conn, task_id)).crash_count == 1


async def test_a_released_quarantine_begins_anew(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    for life in range(3):
        await crash(conn, life)
    [change] = await steering.retry(conn, [task_id])
    assert (change.was, change.now) == (State.QUARANTINED, State.READY)
    back = await row(conn, task_id)
    assert (back.crash_count, back.attempt) == (0, 0)
    assert [task.id for task in await claim(conn, 1)] == [task_id]


async def test_the_sessions_of_a_process_are_found_and_ended_whoever_holds_them(conn: Connection) -> None:
    mine = await session(conn, "a", host="h", pid=7)
    await session(conn, "b", host="h", pid=8)
    await session(conn, "a", suffix="0000beef", host="elsewhere", pid=7)
    assert await sessions.sessions_of_process(conn, "h", 7, "a") == [mine]
    await add(conn, 1)
    [task] = await claim(conn, 1, mine, "a-0000abcd")
    rescued = await sessions.end_sessions(conn, None, [mine], "exit code 1", crashed=True)
    assert [one.task_id for one in rescued] == [task.id]
    assert await sessions.sessions_of_process(conn, "h", 7, "a") == []


async def test_what_whoever_ended_a_session_left_is_rescued_by_the_leader(conn: Connection) -> None:
    session_id = await session(conn)
    await add(conn, 1)
    [task] = await claim(conn, 1, session_id)
    await conn.execute("UPDATE sessions SET ended_at = now(), crashed = true")
    rescued = await sessions.end_expired(conn, await lead(conn), "lost")
    assert [one.task_id for one in rescued] == [task.id]


async def test_when_everything_went_silent_no_task_is_to_blame(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    await start(conn, *await claim(conn, 1, await session(conn, ttl=-1)))
    [rescued] = await sessions.end_expired(conn, await lead(conn), "its session expired")
    assert rescued.state is State.READY
    back = await row(conn, task_id)
    assert back.crash_count == 0
    assert [past["outcome"] for past in trail(back.attempts)] == ["rescued"]


async def test_a_late_outcome_is_noted_once_and_counted(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    session_id = await session(conn)
    [task] = await claim(conn, 1, session_id)
    await start(conn, task)
    await sessions.end_sessions(conn, "c1", [session_id], "no heartbeat", crashed=True)
    late = [Late(lease, "worker-1-0000abcd", "COMPLETE") for lease in held(task)]
    assert await leases.note_stale(conn, late) == {task_id}
    assert await leases.note_stale(conn, late) == set()
    assert [past["outcome"] for past in trail((await row(conn, task_id)).attempts)] == ["crashed", "stale"]
    await finish(conn, *await claim(conn, 1))
    assert await leases.note_stale(conn, late) == set()
    assert (await totals(conn)).stale == 1


async def test_a_late_outcome_of_a_finished_task_is_noted_in_history(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    [first] = await claim(conn, 1)
    await leases.release(conn, held(first))
    await finish(conn, *await claim(conn, 1))
    assert await leases.note_stale(conn, [Late(held(first)[0], "w", "COMPLETE")]) == {task_id}
    assert trail((await row(conn, task_id)).attempts)[0]["worker_id"] == "w"


async def test_what_was_accepted_and_is_told_again_is_not_stale(conn: Connection) -> None:
    done, again = [answer.id for answer in await add(conn, 2)]
    leased = {task.id: task for task in await claim(conn, 2)}
    await finish(conn, leased[done])
    await leases.retry(conn, [Retried(lease, 0.0, "e") for lease in held(leased[again])])
    reports = held(leased[done], leased[again])
    assert await leases.accepted(conn, reports) == {done, again}
    assert await leases.note_stale(conn, [Late(lease, "w", "COMPLETE") for lease in reports]) == set()


async def test_nobody_notes_what_nobody_knows(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    await conn.execute("DELETE FROM tasks")
    assert await leases.note_stale(conn, [Late(Held(task_id, 1), "w", "COMPLETE")]) == set()


async def test_a_retry_keeps_how_the_attempt_failed(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    [task] = await claim(conn, 1)
    await leases.retry(conn, [Retried(held(task)[0], 5.0, "x" * 5000)])
    [past] = trail((await row(conn, task_id)).attempts)
    assert (past["outcome"], past["attempt"], past["token"]) == ("failed", 1, task.lease_token)
    assert (past["worker_id"], len(str(past["error"]))) == ("worker-1-0000abcd", 2000)
    assert (await totals(conn)).retried == 1


async def test_progress_is_kept_while_the_lease_holds(conn: Connection) -> None:
    task_id = (await add(conn, 1))[0].id
    [task] = await claim(conn, 1)
    lease = held(task)[0]
    assert await leases.progress(conn, [Progress(lease, 0.25, "a quarter")]) == {task_id}
    shown = await row(conn, task_id)
    assert (shown.progress, shown.progress_message) == (0.25, "a quarter")
    await leases.release(conn, [lease])
    assert await leases.progress(conn, [Progress(lease, 0.5, "half")]) == set()
    assert (await row(conn, task_id)).progress is None


async def promoted(conn: Connection) -> None:
    await conn.execute("UPDATE tasks SET state = ready_state(crash_count) WHERE state = 0")


def trail(attempts: bytes | None) -> list[dict[str, object]]:
    return msgspec.json.decode(attempts or b"[]")


async def test_a_task_that_somebody_holds_is_rescued_when_it_is_let_go_and_keeps_no_other(
    conn: Connection, pool: Pool
) -> None:
    """Its session is looked at until then, however long that takes, and its token holds until then."""
    session_id = await session(conn)
    await add(conn, 3)
    stuck, first, second = await claim(conn, 3, session_id)
    epoch = await lead(conn)
    async with connected(pool) as other:
        async with other.transaction():
            await other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", (stuck.id,))
            rescued = await sessions.end_sessions(conn, "c1", [session_id], "its process ended", crashed=True)
            assert {one.task_id for one in rescued} == {first.id, second.id}
            await conn.execute("UPDATE sessions SET ended_at = now() - interval '1 hour'")
            assert await sessions.end_expired(conn, epoch, "lost") == []
            assert await sessions.forget_ended(conn, epoch, 0) == 0
            assert [lease.task_id for lease in await sessions.held_leases(conn, session_id)] == [stuck.id]
        [late] = await sessions.end_expired(conn, epoch, "lost")
    assert (late.task_id, late.state) == (stuck.id, State.READY)
    assert (await row(conn, stuck.id)).crash_count == 1
    assert await finish(conn, stuck) == set()
    await sessions.end_expired(conn, epoch, "lost")
    assert await sessions.forget_ended(conn, epoch, 0) == 1
    assert (await totals(conn)).rescued == 3


async def test_an_outcome_that_comes_before_the_late_rescue_of_its_task_counts(conn: Connection, pool: Pool) -> None:
    session_id = await session(conn)
    await add(conn, 1)
    [task] = await claim(conn, 1, session_id)
    async with connected(pool) as other, other.transaction():
        await other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", (task.id,))
        assert await sessions.end_sessions(conn, "c1", [session_id], "no heartbeat", crashed=True) == []
    assert await finish(conn, task) == {task.id}
    assert await sessions.end_expired(conn, await lead(conn), "lost") == []
    assert (await row(conn, task.id)).state is State.COMPLETE
