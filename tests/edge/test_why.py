"""Why a task is not running: one plain answer, from the facts in PostgreSQL."""

from datetime import UTC, datetime

import pytest

from cluster.core.task import State
from cluster.store import leases, queues
from cluster.store.leases import Parked, Retried
from tests.edge.test_reading import NOBODY, post
from tests.store import made


@pytest.fixture(autouse=True)
async def epoch(conn):
    """Somebody leads."""
    return await made.lead(conn)


async def why(http, task_id):
    answer = await http.get(f"/api/tasks/{task_id}/why")
    assert answer.status_code == 200
    return answer.json()


async def offered(conn, *commands, slots=5, name="worker-1"):
    return await made.session(conn, name, handlers=commands or ("noop",), slots=slots)


async def test_a_task_that_is_due_later_says_until_when(http):
    told = await why(http, await post(http, scheduled_at="2031-01-31T12:00:00+01:00"))
    assert (told["reason"], told["status"], told["state"]) == ("due_later", "QUEUED", "scheduled")
    assert told["until"] == "2031-01-31T11:00:00Z"
    assert told["summary"] == "It is not due until 2031-01-31 11:00:00 UTC."


async def test_a_task_that_failed_waits_for_its_retry(http, conn):
    task_id = await post(http)
    [lease] = await made.claim(conn, 1)
    await leases.retry(conn, [Retried(*made.held(lease), 3600.0, "no")])
    told = await why(http, task_id)
    assert (told["reason"], "Attempt 1 failed" in told["summary"]) == ("waiting_for_retry", True)
    assert datetime.fromisoformat(told["until"]) > datetime.now(UTC)


async def test_without_workers_a_ready_task_says_so(http, conn):
    told = await why(http, await post(http))
    assert (told["reason"], told["workers"]) == ("no_worker", 0)
    assert "No worker is online" in told["summary"]
    assert "taskmaster scale" in told["advice"]


async def test_workers_that_know_other_commands_are_no_help(http, conn):
    await offered(conn, "other")
    told = await why(http, await post(http, command="rare"))
    assert (told["reason"], "does not know the command rare" in told["summary"]) == ("no_worker", True)


async def test_when_all_slots_are_busy_it_says_how_many_are_before_it(http, conn):
    worker = await offered(conn, slots=2)
    for _ in range(2):
        await post(http)
    await made.start(conn, *await made.claim(conn, 2, worker))
    await post(http)
    await post(http, priority=5)
    task_id = await post(http)
    told = await why(http, task_id)
    assert (told["reason"], told["ahead"], told["ahead_at_least"]) == ("slots_busy", 2, False)
    assert (told["workers"], told["slots"], told["busy"]) == (1, 2, 2)
    assert "2 tasks are before it" in told["summary"]


async def test_with_room_it_is_about_to_run(http, conn):
    await offered(conn)
    told = await why(http, await post(http))
    assert (told["reason"], told["ahead"]) == ("about_to_run", 0)


async def test_a_parked_task_says_what_nobody_knows(http, conn):
    task_id = await post(http, command="rare")
    [lease] = await made.claim(conn, 1)
    await leases.park(conn, [Parked(*made.held(lease), "nobody knows it")])
    told = await why(http, task_id)
    assert (told["reason"], "TASKMASTER_TASKS" in told["advice"]) == ("parked", True)
    await offered(conn, "rare")
    assert (await why(http, task_id))["reason"] == "about_to_run"


@pytest.mark.parametrize("aside", [False, True])
async def test_a_paused_queue_is_the_reason_whether_the_leader_has_been_there_or_not(http, conn, aside):
    await offered(conn)
    task_id = await post(http, queue="slow")
    if aside:
        await conn.execute("UPDATE tasks SET state = 6")
    await queues.pause(conn, "slow")
    told = await why(http, task_id)
    assert (told["reason"], told["advice"]) == ("queue_paused", "Resume it: `taskmaster resume slow`.")


@pytest.mark.parametrize("state", [State.SCHEDULED, State.PARKED])
async def test_what_would_be_made_ready_says_that_its_queue_is_paused(http, conn, state):
    await offered(conn)
    task_id = await post(http, queue="slow")
    await conn.execute("UPDATE tasks SET state = %s", [int(state)])
    assert (await why(http, task_id))["reason"] == "about_to_run"
    await queues.pause(conn, "slow")
    assert (await why(http, task_id))["reason"] == "queue_paused"


@pytest.mark.parametrize("state", [State.SCHEDULED, State.READY, State.PARKED, State.ISOLATED, State.PAUSED])
async def test_without_a_leader_nothing_is_about_to_run(http, conn, state):
    task_id = await post(http)
    if state not in {State.READY, State.ISOLATED}:
        await offered(conn)
    await conn.execute("UPDATE tasks SET state = %s", [int(state)])
    await conn.execute("UPDATE leader SET expires_at = statement_timestamp()")
    told = await why(http, task_id)
    assert (told["reason"], "No coordinator leads" in told["summary"]) == ("no_worker", True)


async def test_a_task_that_has_to_run_alone_says_so(http, conn):
    await offered(conn)
    task_id = await post(http)
    await conn.execute("UPDATE tasks SET state = 5, crash_count = 2")
    told = await why(http, task_id)
    assert (told["reason"], "2 workers crashed" in told["summary"]) == ("isolated", True)


async def test_a_task_that_is_held_says_by_whom(http, conn):
    worker = await offered(conn)
    task_id = await post(http)
    [lease] = await made.claim(conn, 1, worker)
    assert (await why(http, task_id))["reason"] == "about_to_run"
    await made.start(conn, lease)
    told = await why(http, task_id)
    assert (told["reason"], "worker-1-0000abcd" in told["summary"]) == ("running", True)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.COMPLETE, "finished"), (State.FAILED, "failed"), (State.CANCELLED, "cancelled"), (State.DEAD, "dead"),
        (State.QUARANTINED, "quarantined"),
    ],
)  # fmt: skip
async def test_a_task_that_has_ended_says_how(http, conn, state, reason):
    task_id = await post(http)
    [lease] = await made.claim(conn, 1)
    await made.finish(conn, lease, state=state)
    told = await why(http, task_id)
    assert (told["reason"], told["state"]) == (reason, state.name.lower())
    assert (told["advice"] is None) is (state is State.COMPLETE)


async def test_an_unknown_task_is_404_and_what_is_no_id_422(http):
    assert (await http.get(f"/api/tasks/{NOBODY}/why")).status_code == 404
    assert (await http.get("/api/tasks/42/why")).status_code == 422
