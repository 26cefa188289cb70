"""Cancel and retry over HTTP: what is answered, what is in the tables, and who hears of it."""

from uuid import UUID

import pytest

from cluster.core.budget import Budget
from cluster.core.errors import StoreUnavailable
from cluster.core.task import State
from cluster.edge import steering
from tests.fixtures.eventually import eventually
from tests.store import made

NOBODY = "00000000-0000-4000-8000-000000000000"


async def post(http, **task):
    return (await http.post("/api/schedule", json={"command": "noop", **task})).json()["task_id"]


async def ended(http, conn, state, **task):
    """The id of a task that ended in this state."""
    task_id = await post(http, priority=100, **task)
    [lease] = await made.claim(conn, 1)
    assert str(lease.id) == task_id
    await made.finish(conn, lease, state=state)
    return task_id


async def cancel(http, task_id):
    return await http.post(f"/api/tasks/{task_id}/cancel")


async def retry(http, task_id):
    return await http.post(f"/api/tasks/{task_id}/retry")


async def state(http, task_id):
    return (await http.get(f"/api/tasks/{task_id}")).json()["state"]


async def test_a_waiting_task_is_cancelled_once_and_the_second_answer_says_so(http):
    task_id = await post(http)
    first, second = await cancel(http, task_id), await cancel(http, task_id)
    assert first.json() == {
        "task_id": task_id, "changed": True, "was": "ready", "status": "CANCELLED", "detail": "it is cancelled",
    }  # fmt: skip
    assert second.json() == {
        "task_id": task_id, "changed": False, "was": "cancelled", "status": "CANCELLED",
        "detail": "it is cancelled already",
    }  # fmt: skip
    assert (first.status_code, second.status_code) == (200, 200)
    task = (await http.get(f"/api/tasks/{task_id}")).json()
    assert (task["status"], task["error"]) == ("CANCELLED", "cancelled by hand")
    assert task["cancelled_at"] is not None


@pytest.mark.parametrize("delay", [0, 3600])
async def test_what_is_cancelled_never_runs(http, conn, delay):
    assert (await cancel(http, await post(http, delay_seconds=delay))).json()["changed"]
    assert await made.claim(conn, 5) == []


async def test_the_worker_of_a_running_task_is_to_stop_and_its_outcome_counts_no_more(http, conn, coordinator):
    task_id = await post(http)
    session_id = await made.session(conn)
    [lease] = await made.claim(conn, 1, session_id)
    await made.start(conn, lease)
    answer = (await cancel(http, task_id)).json()
    assert (answer["changed"], answer["was"], answer["status"]) == (True, "running", "CANCELLED")
    assert await made.finish(conn, lease) == set()
    await eventually(lambda: any(hint.ended for hint in coordinator.hints))
    [told] = [one for hint in coordinator.hints for one in hint.ended]
    assert (told.session_id, UUID(bytes=told.task_id), told.lease_token) == (session_id, lease.id, lease.lease_token)


@pytest.mark.parametrize("how", [State.COMPLETE, State.FAILED, State.DEAD])
async def test_what_has_ended_cannot_be_cancelled(http, conn, how):
    task_id = await ended(http, conn, how)
    answer = await cancel(http, task_id)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == f"task {task_id}: it is {how.name.lower()}; what has ended cannot be cancelled"
    assert await state(http, task_id) == how.name.lower()


@pytest.mark.parametrize("how", [State.FAILED, State.CANCELLED, State.DEAD, State.QUARANTINED])
async def test_what_ended_without_success_runs_again_with_its_attempts_before_it(http, conn, how):
    task_id = await ended(http, conn, how)
    first, second = await retry(http, task_id), await retry(http, task_id)
    assert first.json() == {
        "task_id": task_id, "changed": True, "was": how.name.lower(), "status": "QUEUED",
        "detail": "it is ready to run again",
    }  # fmt: skip
    assert (second.status_code, second.json()["changed"], second.json()["was"]) == (200, False, "ready")
    task = (await http.get(f"/api/tasks/{task_id}")).json()
    assert (task["state"], task["attempt"], task["crash_count"]) == ("ready", 0, 0)
    assert [one["outcome"] for one in task["attempts"]] == [how.name.lower(), "retried"]
    assert task["attempts"][0]["attempt"] == 1
    assert [str(one.id) for one in await made.claim(conn, 1)] == [task_id]


async def test_a_complete_task_is_not_run_again(http, conn):
    answer = await retry(http, await ended(http, conn, State.COMPLETE))
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("it is complete; only what ended without success can run again")


async def test_a_task_whose_unique_key_lives_on_is_not_run_again_and_that_task_is_named(http, conn):
    task_id = await ended(http, conn, State.FAILED, unique_key="report")
    live = await post(http, unique_key="report")
    answer = await retry(http, task_id)
    assert answer.status_code == 409
    assert answer.json()["detail"] == f"task {task_id}: a live task holds its unique_key: {live}"
    await cancel(http, live)
    assert (await retry(http, task_id)).json()["changed"]


@pytest.mark.parametrize("what", ["cancel", "retry"])
async def test_an_unknown_task_is_404_and_an_id_that_is_none_is_422(http, what):
    answer = await http.post(f"/api/tasks/{NOBODY}/{what}")
    assert (answer.status_code, NOBODY in answer.json()["detail"]) == (404, True)
    assert (await http.post(f"/api/tasks/42/{what}")).status_code == 422


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 200), (b"{}", {"content-type": "application/json"}, 200), (b"", {"content-type": "text/plain"}, 415),
        (b"{}", {}, 415), (b"a=1", {"content-type": "application/x-www-form-urlencoded"}, 415),
        (b'{"reason":"x"}', {"content-type": "application/json"}, 422),
        (b"{", {"content-type": "application/json"}, 400),
        (b" " * 1_100_000, {"content-type": "application/json"}, 413),
    ],
)  # fmt: skip
async def test_a_path_that_says_everything_takes_no_body(http, body, headers, status):
    task_id = await post(http)
    answer = await http.post(f"/api/tasks/{task_id}/cancel", content=body, headers=headers)
    assert answer.status_code == status
    assert await state(http, task_id) == ("cancelled" if status == 200 else "ready")


async def test_many_are_cancelled_by_their_ids(http, conn):
    waiting, complete, cancelled = await post(http), await ended(http, conn, State.COMPLETE), await post(http)
    await cancel(http, cancelled)
    ids = [waiting, complete, cancelled, NOBODY, waiting]
    assert (await http.post("/api/tasks/cancel", json={"task_ids": ids})).json() == {
        "dry_run": False, "count": 1, "changed": 1, "unchanged": 3, "refused": 2, "task_ids": [waiting],
        "more": False,
        "reasons": {"cancelled already": 1, "it is complete": 1, "there is no such task": 1},
    }  # fmt: skip


async def test_many_are_cancelled_by_filters(http, conn):
    kept = [await post(http, queue="fast"), await post(http, command="other", queue="slow")]
    meant = [await post(http, queue="slow") for _ in range(2)]
    later = await post(http, queue="slow", delay_seconds=60)
    answer = (await http.post("/api/tasks/cancel", json={"queue": "slow", "command": "noop", "status": "ready"})).json()
    assert (answer["changed"], answer["task_ids"], answer["more"]) == (2, meant, False)
    assert await state(http, later) == "scheduled"
    assert (await http.post("/api/tasks/cancel", json={"command": "noop", "queue": "slow"})).json()["task_ids"] == [
        later
    ]
    assert [await state(http, one) for one in kept] == ["ready", "ready"]


async def test_many_run_again_by_filters(http, conn):
    failed, dead = await ended(http, conn, State.FAILED), await ended(http, conn, State.DEAD)
    cancelled, complete = await post(http), await ended(http, conn, State.COMPLETE)
    await cancel(http, cancelled)
    answer = (await http.post("/api/tasks/retry", json={"command": "noop", "status": "FAILED"})).json()
    assert (answer["task_ids"], answer["unchanged"]) == ([failed, dead], 0)
    answer = (await http.post("/api/tasks/retry", json={"queue": "default"})).json()
    assert answer["task_ids"] == [cancelled]
    assert await state(http, complete) == "complete"


async def test_a_limit_is_kept_and_what_is_left_is_told(http, monkeypatch):
    monkeypatch.setattr(steering, "STATEMENT_TASKS", 2)
    ids = (await http.post("/api/schedule/batch", json={"command": "noop", "count": 7})).json()["task_ids"]
    first = (await http.post("/api/tasks/cancel", json={"command": "noop", "limit": 5})).json()
    rest = (await http.post("/api/tasks/cancel", json={"command": "noop", "limit": 5})).json()
    assert (first["changed"], first["more"]) == (5, True)
    assert (rest["changed"], rest["more"]) == (2, False)
    assert {*first["task_ids"], *rest["task_ids"]} == set(ids)


async def test_more_than_a_thousand_are_changed_and_a_thousand_named(http):
    for _ in range(3):
        await http.post("/api/schedule/batch", json={"command": "noop", "count": 400})
    answer = (await http.post("/api/tasks/cancel", json={"command": "noop"})).json()
    assert (answer["changed"], len(answer["task_ids"]), answer["more"]) == (1200, 1000, False)


@pytest.mark.parametrize("what", ["cancel", "retry"])
@pytest.mark.parametrize("body", [{}, {"limit": 5}])
async def test_without_any_filter_nothing_changes_and_the_filters_are_named(http, what, body):
    task_id = await post(http)
    answer = await http.post(f"/api/tasks/{what}", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(
        "give task_ids, or at least one of status, queue, command, worker, scheduled_from, scheduled_to"
    )
    assert await state(http, task_id) == "ready"


@pytest.mark.parametrize(
    ("what", "body", "detail"),
    [
        ("cancel", {"status": "COMPLETE"}, "status: must be one of QUEUED, STARTED, "),
        ("retry", {"status": "STARTED"}, "status: must be one of CANCELLED, FAILED, "),
        ("cancel", {"task_ids": [NOBODY], "queue": "x"}, "give task_ids or queue, not both"),
        ("cancel", {"task_ids": []}, "task_ids: "), ("cancel", {"task_ids": ["42"]}, "task_ids[0]: Invalid UUID"),
        ("cancel", {"task_ids": [NOBODY] * 10_001}, "task_ids: "),
        ("cancel", {"queue": "x", "limit": 10_001}, "limit: "), ("retry", {"queue": "x", "limit": 0}, "limit: "),
        ("retry", {"name": "x"}, "unknown field `name`; known here: status, queue, command, worker, scheduled_from, "),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_422_and_says_what_can(http, what, body, detail):
    answer = await http.post(f"/api/tasks/{what}", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(detail)


async def test_what_was_changed_is_told_to_watchers_and_to_the_other_edges(http, coordinator):
    task_id = await post(http)
    await cancel(http, task_id)
    await cancel(http, task_id)
    await retry(http, task_id)
    told = [(event["event"], event["msg"]) for event in (await http.get("/api/logs")).json()]
    expected = [
        ("task_cancelled", "noop is cancelled by hand; it was ready"),
        ("task_retried", "noop is to run again, by hand; it was cancelled"),
    ]
    assert told[1:] == expected
    await eventually(lambda: sum(len(hint.events) for hint in coordinator.hints) == 3)
    assert [(event.event, event.msg) for hint in coordinator.hints for event in hint.events][1:] == expected
    assert coordinator.hints[-1].tasks


async def test_a_flood_of_cancelled_tasks_is_told_as_a_sum(http, edge, monkeypatch):
    await http.post("/api/schedule/batch", json={"command": "noop", "count": 20})
    monkeypatch.setattr(edge.herald, "_budget", Budget(burst=3, rate=0.001, period=0.1))
    await http.post("/api/tasks/cancel", json={"command": "noop"})

    async def summed():
        return [event for event in (await http.get("/api/logs")).json() if event["event"] == "tasks_summary"]

    [summary] = await eventually(summed)
    assert summary["msg"].endswith(": 17 task_cancelled")


async def test_when_postgresql_goes_away_in_the_middle_saying_it_again_does_the_rest(http, monkeypatch):
    monkeypatch.setattr(steering, "STATEMENT_TASKS", 2)
    ids = (await http.post("/api/schedule/batch", json={"command": "noop", "count": 5})).json()["task_ids"]
    whole, calls = steering.cancel, 0

    async def breaking(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StoreUnavailable
        return await whole(*arguments, **options)

    monkeypatch.setattr(steering, "cancel", breaking)
    broken = await http.post("/api/tasks/cancel", json={"task_ids": ids})
    assert (broken.status_code, broken.headers["retry-after"]) == (503, "1")
    answer = (await http.post("/api/tasks/cancel", json={"task_ids": ids})).json()
    assert (answer["changed"], answer["reasons"]) == (3, {"cancelled already": 2})
    told = [event["task_id"] for event in (await http.get("/api/logs")).json() if event["event"] == "task_cancelled"]
    assert sorted(told) == sorted(ids)


@pytest.mark.parametrize("what", ["cancel", "retry"])
async def test_a_preview_says_how_many_and_changes_nothing(http, conn, what):
    ids = [await post(http, queue="slow") for _ in range(3)]
    if what == "retry":
        await http.post("/api/tasks/cancel", json={"queue": "slow"})
    done = await post(http)
    await conn.execute("UPDATE tasks SET state = 3 WHERE id = %s", [done])
    before = await (await conn.execute("SELECT id, state FROM all_tasks ORDER BY id")).fetchall()
    by_filter = (await http.post(f"/api/tasks/{what}", json={"queue": "slow", "dry_run": True, "limit": 2})).json()
    assert (by_filter["dry_run"], by_filter["count"], by_filter["changed"], by_filter["more"]) == (True, 2, 0, True)
    asked = {"task_ids": [*ids, NOBODY], "dry_run": True}
    by_ids = (await http.post(f"/api/tasks/{what}", json=asked)).json()
    assert (by_ids["count"], by_ids["refused"], set(by_ids["task_ids"])) == (3, 1, set(ids))
    assert by_ids["reasons"] == {"there is no such task": 1}
    assert await (await conn.execute("SELECT id, state FROM all_tasks ORDER BY id")).fetchall() == before
    done = (await http.post(f"/api/tasks/{what}", json={"queue": "slow"})).json()
    assert (done["dry_run"], done["count"], done["changed"]) == (False, 3, 3)


async def test_a_time_chooses_what_is_cancelled(http):
    early = await post(http, scheduled_at="2031-01-01")
    await post(http, scheduled_at="2031-01-03")
    told = (await http.post("/api/tasks/cancel", json={"scheduled_to": "2031-01-02T00:00:00Z"})).json()
    assert told["task_ids"] == [early]
