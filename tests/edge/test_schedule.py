"""Scheduling: what is answered, what is in PostgreSQL afterwards, and what the coordinators hear of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cluster.store import group_commit, waiting
from cluster.store.certainty import enqueue_for_certain
from tests.fixtures.eventually import eventually


async def rows(pool):
    async with pool.connection() as connection:
        return await (await connection.execute("SELECT * FROM tasks ORDER BY id")).fetchall()


async def test_a_scheduled_task_is_in_the_table_when_the_answer_comes(http, pool):
    answer = await http.post("/api/schedule", json={"command": "noop"})
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"task_id", "command", "scheduled_at"}
    assert abs(body["scheduled_at"] - datetime.now(UTC).timestamp()) < 60
    assert [str(row[0]) for row in await rows(pool)] == [body["task_id"]]


async def test_the_short_routes_say_the_same(http):
    task_id = (await http.post("/schedule", json={"command": "noop"})).json()["task_id"]
    short, full = await http.get(f"/status?task_id={task_id}"), await http.get(f"/api/status?task_id={task_id}")
    assert short.json() == full.json() == (await http.get(f"/api/tasks/{task_id}")).json()


async def test_a_task_shows_everything_that_was_asked_for(http):
    task_id = str(uuid4())
    asked = {
        "command": "größe/thumbnail.v2", "payload": {"path": "'; DROP TABLE tasks; --", "n": [1, None, 2.50]},
        "queue": "slow", "priority": -7, "max_attempts": 5, "timeout_seconds": 1.5, "unique_key": "a key: 100%",
        "task_id": task_id, "scheduled_at": "2031-02-03T04:05:06+02:00",
    }  # fmt: skip
    assert (await http.post("/api/schedule", json=asked)).status_code == 201
    assert (await http.get(f"/api/tasks/{task_id}")).json() == {
        **asked, "id": task_id, "scheduled_at": "2031-02-03T02:05:06Z", "status": "QUEUED", "state": "scheduled",
        "created_at": (await http.get(f"/api/tasks/{task_id}")).json()["created_at"],
        "picked_at": None, "started_at": None, "completed_at": None, "failed_at": None, "cancelled_at": None,
        "worker_id": None, "attempt": 0, "crash_count": 0, "error": None, "result": None, "attempts": [],
        "progress": None, "progress_message": None, "waited_seconds": None, "ran_seconds": None,
    }  # fmt: skip


async def test_a_payload_is_kept_byte_by_byte(http, pool):
    raw = b'{ "b":1.10, "a" : "\\u00e9\xc3\xa9", "a":2 }'
    headers = {"content-type": "application/json; charset=utf-8"}
    answer = await http.post("/api/schedule", content=b'{"command":"noop","payload":' + raw + b"}", headers=headers)
    task = await http.get(f"/api/tasks/{answer.json()['task_id']}")
    assert b'"payload":' + raw + b"," in task.content


@pytest.mark.parametrize("repeated", [{"task_id": "018f6b1e-0000-7000-8000-000000000001"}, {"unique_key": "report"}])
async def test_the_same_id_or_key_again_answers_200_with_the_first_task(http, pool, repeated):
    first = await http.post("/api/schedule", json={"command": "noop", **repeated})
    again = await http.post("/api/schedule", json={"command": "other", **repeated})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(await rows(pool)) == 1


async def test_a_batch_of_copies_is_one_answer_in_order(http, pool):
    answer = await http.post("/api/schedule/batch", json={"count": 1000, "payload": {"n": 1}, "delay_seconds": 60})
    assert answer.status_code == 201
    assert answer.json()["count"] == len(answer.json()["task_ids"]) == 1000
    assert {str(row[0]) for row in await rows(pool)} == set(answer.json()["task_ids"])
    assert (await http.get("/api/tasks?limit=1")).json()["tasks"][0]["command"] == "demo-job"


async def test_a_batch_of_different_tasks_keeps_their_order(http):
    ids = [str(uuid4()) for _ in range(3)]
    tasks = [{"command": f"c{n}", "task_id": task_id} for n, task_id in enumerate(ids)]
    first = await http.post("/api/schedule/batch", json={"tasks": tasks})
    again = await http.post("/api/schedule/batch", json={"tasks": tasks})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"count": 3, "task_ids": ids}


async def test_one_wrong_task_keeps_the_whole_batch_out_and_is_named(http, pool):
    tasks = [{"command": "noop"}, {"command": "noop", "scheduled_at": "soon"}]
    answer = await http.post("/api/schedule/batch", json={"tasks": tasks})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("tasks[1]: scheduled_at must be ISO 8601")
    assert await rows(pool) == []


async def test_payloads_that_are_too_large_together_are_refused(http, pool):
    answer = await http.post("/api/schedule/batch", json={"count": 1000, "payload": {"x": "y" * 20_000}})
    assert answer.status_code == 413
    assert await rows(pool) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2031-01-01T00:00:00", "2031-01-01T00:00:00Z"),
        ("2031-01-01", "2031-01-01T00:00:00Z"),
        ("2031-01-01T12:30+05:30", "2031-01-01T07:00:00Z"),
        ("1999-12-31T23:59:59.123456Z", "1999-12-31T23:59:59.123456Z"),
    ],
)
async def test_times_are_iso_8601_and_utc_without_an_offset(http, text, expected):
    answer = await http.post("/api/schedule", json={"command": "noop", "scheduled_at": text})
    assert answer.json()["scheduled_at"] == datetime.fromisoformat(expected).timestamp()
    assert (await http.get(f"/api/tasks/{answer.json()['task_id']}")).json()["scheduled_at"] == expected


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2100-01-01", "1969-12-31"])
async def test_times_beyond_reason_are_refused(http, pool, text):
    answer = await http.post("/api/schedule", json={"command": "noop", "scheduled_at": text})
    assert answer.status_code == 422
    assert "scheduled_at" in answer.json()["detail"]
    assert await rows(pool) == []


async def test_a_delay_counts_from_now_and_excludes_a_time(http):
    later = await http.post("/api/schedule", json={"command": "noop", "delay_seconds": 3600})
    due = datetime.fromtimestamp(later.json()["scheduled_at"], UTC)
    assert abs(due - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)
    both = {"command": "noop", "delay_seconds": 1, "scheduled_at": "2031-01-01"}
    assert (await http.post("/api/schedule", json=both)).status_code == 422


async def test_coordinators_are_woken_with_the_events_of_what_was_created(http, coordinator):
    task_id = (await http.post("/api/schedule", json={"command": "noop"})).json()["task_id"]
    await http.post("/api/schedule", json={"command": "noop", "task_id": task_id})
    await eventually(lambda: any(hint.tasks for hint in coordinator.hints))
    assert [event.task_id for hint in coordinator.hints for event in hint.events] == [task_id]


async def test_requests_at_one_moment_share_statements_commits_and_hints(http, edge, pool, coordinator, monkeypatch):
    groups, all_are_here = [], asyncio.Event()

    async def counted(pool, tasks, **bounds):
        groups.append(len(tasks))
        await all_are_here.wait()
        return await enqueue_for_certain(pool, tasks, **bounds)

    monkeypatch.setattr(group_commit, "enqueue_for_certain", counted)
    asked = [asyncio.create_task(http.post("/api/schedule", json={"command": f"c{n}"})) for n in range(100)]
    await eventually(lambda: "tasks=100" in repr(edge.group_commit))
    all_are_here.set()
    answers = await asyncio.gather(*asked)
    assert [answer.json()["command"] for answer in answers] == [f"c{n}" for n in range(100)]
    assert len(groups) == waiting.LANES + 1
    async with pool.connection() as connection:
        [written] = await (await connection.execute("SELECT count(*) FROM counters")).fetchone()
    assert written == len(groups)
    await eventually(lambda: sum(len(hint.events) for hint in coordinator.hints) == 100)
    assert len(coordinator.hints) <= len(groups)


async def test_more_than_can_be_written_is_refused_with_the_time_to_come_again(http, pool, monkeypatch):
    monkeypatch.setattr(group_commit, "WAITING", 1)
    answers = await asyncio.gather(*(http.post("/api/schedule/batch", json={"count": 5}) for _ in range(20)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert refused
    for answer in refused:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "nothing was enqueued, try again" in answer.json()["detail"]
    assert len(await rows(pool)) == 5 * (20 - len(refused))


async def test_tasks_are_taken_when_no_coordinator_answers(http, coordinator):
    await coordinator.server.stop(0)
    for _ in range(3):
        assert (await http.post("/api/schedule", json={"command": "noop"})).status_code == 201
    ready = await http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["detail"] == "no coordinator answers"
    assert ready.headers["retry-after"]


async def test_an_id_is_a_uuid_of_version_7_unless_given(http):
    first = (await http.post("/api/schedule", json={"command": "noop"})).json()["task_id"]
    assert UUID(first).version == 7
