"""Reading: listings page by page, numbers, workers, probes, the page."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest

from cluster.core.task import FINAL, UNSUCCESSFUL, State, Status, status_of
from cluster.edge.payloads import AnyState, AnyStatus, Unfinished, Unsuccessful
from cluster.store import leases
from cluster.store.leases import Progress, Retried
from cluster.store.sessions import Registration, open_session
from tests.store import made

NOBODY = "00000000-0000-4000-8000-000000000000"


async def post(http, **task):
    return (await http.post("/api/schedule", json={"command": "noop", **task})).json()["task_id"]


async def worker(conn, name, slots=5):
    registration = Registration(f"{name}-1f", name, "127.0.0.1:1", "c1", slots, True, ("noop", "demo-job"))
    return await open_session(conn, registration, 60)


def test_the_statuses_that_may_be_asked_for_are_those_of_the_core():
    names = {state.name.lower(): state for state in State}
    assert set(get_args(AnyStatus.__origin__)) == {*Status, *names}
    assert set(get_args(AnyState.__origin__)) == names.keys()
    for asked, states in ((Unfinished, frozenset(State) - FINAL), (Unsuccessful, UNSUCCESSFUL)):
        meant = {status_of(state).value for state in states} | {name for name in names if names[name] in states}
        assert set(get_args(asked.__origin__)) == meant


async def test_pages_follow_one_another_in_order_and_without_gaps(http):
    start = datetime(2031, 1, 1, tzinfo=UTC)
    ids = [await post(http, scheduled_at=(start + timedelta(seconds=n // 3)).isoformat()) for n in range(25)]
    seen, cursor = [], None
    while True:
        page = (await http.get("/api/tasks", params={"limit": 4, **({"cursor": cursor} if cursor else {})})).json()
        seen += [task["task_id"] for task in page["tasks"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(page["tasks"]) == 4
    assert len(seen) == len(set(seen)) == 25
    assert set(seen) == set(ids)
    order = [(await http.get(f"/api/tasks/{task_id}")).json()["scheduled_at"] for task_id in seen]
    assert order == sorted(order)


async def test_a_listing_is_filtered_by_status_queue_and_command(http):
    ready, later = await post(http), await post(http, delay_seconds=60, queue="slow", command="other")
    for query, expected in [
        ("status=QUEUED", {ready, later}), ("status=ready", {ready}), ("status=scheduled", {later}),
        ("state=ready", {ready}), ("state=isolated", set()), ("status=QUEUED&state=scheduled", {later}),
        ("status=STARTED", set()), ("queue=slow", {later}), ("queue=default", {ready}), ("command=other", {later}),
        ("scheduled_to=2000-01-01", set()), ("scheduled_from=2000-01-01T00:00:00Z", {ready, later}),
        ("scheduled_from=2000-01-01&scheduled_to=2000-01-02", set()), ("sort=-scheduled_at", {ready, later}),
        (f"id={later}", {later}), (f"id={later[:35]}", {later}), (f"id={later.replace('-', '').upper()}", {later}),
        ("command=null", set()), ("worker=worker-1", set()), ("status=QUEUED&queue=slow&command=noop", set()),
    ]:  # fmt: skip
        page = (await http.get(f"/api/tasks?{query}")).json()
        assert {task["task_id"] for task in page["tasks"]} == expected, query


async def test_the_newest_come_first_when_asked_for_and_pages_follow_one_another(http):
    start = datetime(2031, 1, 1, tzinfo=UTC)
    ids = [await post(http, scheduled_at=(start + timedelta(seconds=n)).isoformat()) for n in range(10)]
    query, seen = {"sort": "-scheduled_at", "limit": 4}, []
    while query:
        page = (await http.get("/api/tasks", params=query)).json()
        seen += [task["task_id"] for task in page["tasks"]]
        query = page["next_cursor"] and {**query, "cursor": page["next_cursor"]}
    assert seen == ids[::-1]


async def test_a_task_says_how_long_it_waited_and_ran(http, conn):
    task_id = await post(http)
    assert (await http.get(f"/api/tasks/{task_id}")).json()["waited_seconds"] is None
    [lease] = await made.claim(conn, 1)
    await made.finish(conn, lease)
    await conn.execute(
        """UPDATE task_history SET scheduled_at = '2031-01-01Z', created_at = '2030-01-01Z',
                  started_at = '2031-01-01T00:00:02.5Z', finished_at = finished_at"""
    )
    task = (await http.get(f"/api/tasks/{task_id}")).json()
    assert (task["waited_seconds"], task["ran_seconds"]) == (2.5, 0.0)


async def test_a_cursor_that_was_edited_or_belongs_to_another_filter_is_refused(http):
    for _ in range(3):
        await post(http)
    cursor = (await http.get("/api/tasks?limit=1")).json()["next_cursor"]
    flipped = cursor[:7] + ("A" if cursor[7] != "A" else "B") + cursor[8:]
    for query in (
        f"cursor={flipped}",
        f"cursor={cursor[:-4]}",
        f"cursor={cursor}&queue=default",
        f"cursor={cursor}&sort=-scheduled_at",
        "cursor=",
        "cursor=é",
    ):
        answer = await http.get(f"/api/tasks?limit=1&{query}")
        assert answer.status_code == 422, query
        assert "cursor" in answer.json()["detail"]


async def test_many_tasks_are_looked_up_at_once_and_unknown_ones_left_out(http):
    ids = [await post(http) for _ in range(3)]
    answer = await http.post("/api/status/batch", json={"task_ids": [ids[2], NOBODY, ids[0]]})
    assert [task["task_id"] for task in answer.json()["tasks"]] == [ids[2], ids[0]]
    assert answer.json()["tasks"][0] == (await http.get(f"/api/tasks/{ids[2]}")).json()


async def test_an_unknown_task_is_404_and_an_id_that_is_none_is_422(http):
    for path in ("/api/status?task_id={}", "/status?task_id={}", "/api/tasks/{}"):
        assert (await http.get(path.format(NOBODY))).status_code == 404
        assert (await http.get(path.format("42"))).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/status", "/api/tasks?limit=0", "/api/tasks?limit=501", "/api/tasks?limit=ten", "/api/tasks?offset=1",
        "/api/tasks?status=queued", "/api/tasks?limit=1&limit=2", "/api/stats?x=1", "/healthz?verbose", "/api/logs?n=1",
        "/api/tasks?id=1234567", "/api/tasks?id=0196f2a4&queue=x", "/api/tasks?id=0196f2a4&sort=-scheduled_at",
        "/api/tasks?id=" + "0" * 33, "/api/tasks?id=0196f2a4%0A", "/api/tasks?sort=command",
        "/api/tasks?scheduled_from=yesterday",
        "/api/tasks?scheduled_from=2031-01-02&scheduled_to=2031-01-01", "/api/history?window=61", "/api/cluster?x=1",
        "/api/logs/stream?since=1", f"/api/tasks/{NOBODY}?task_id={NOBODY}",
    ],
)  # fmt: skip
async def test_a_parameter_that_is_wrong_unknown_or_doubled_is_refused(http, path):
    answer = await http.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_numbers_are_those_of_the_tables(http, conn):
    await post(http)
    await post(http, delay_seconds=60)
    await worker(conn, "worker-1")
    stats = (await http.get("/api/stats")).json()
    workers = (await http.get("/api/workers")).json()
    assert {name: stats[name] for name in ("total", "pending", "running", "completed", "failed", "cancelled")} == {
        "total": 2, "pending": 2, "running": 0, "completed": 0, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    assert (stats["throughput"], stats["slots"]) == (0.0, 5)
    assert [{**one, "last_heartbeat": ""} for one in stats["workers"]] == [
        {**one, "last_heartbeat": ""} for one in workers
    ]


async def test_what_befell_tasks_is_counted_and_told(http, conn):
    await conn.execute("INSERT INTO counters (retried, rescued, stale, quarantined) VALUES (4, 3, 2, 1), (1, 1, 1, 1)")
    befallen = {"retried": 5, "rescued": 4, "stale": 3, "quarantined": 2}
    assert befallen.items() <= (await http.get("/api/stats")).json().items()
    text = (await http.get("/metrics")).text
    for line in (
        "# TYPE taskmaster_tasks_retried_total counter",
        "taskmaster_tasks_retried_total 5.0",
        "taskmaster_tasks_rescued_total 4.0",
        "taskmaster_outcomes_stale_total 3.0",
        "taskmaster_tasks_quarantined_total 2.0",
    ):
        assert line in text


async def test_a_running_task_shows_its_progress_and_how_earlier_attempts_ended(http, conn):
    task_id = await post(http, max_attempts=3)
    [lease] = await made.claim(conn, 1)
    await made.start(conn, lease)
    await leases.retry(conn, [Retried(*made.held(lease), 0.0, "Traceback …\nValueError: no")])
    await conn.execute("UPDATE tasks SET state = 1")
    [lease] = await made.claim(conn, 1)
    await made.start(conn, lease)
    await leases.progress(conn, [Progress(*made.held(lease), 0.25, "a quarter")])
    task = (await http.get(f"/api/tasks/{task_id}")).json()
    assert (task["progress"], task["progress_message"], task["attempt"]) == (0.25, "a quarter", 2)
    [one] = task["attempts"]
    assert (one["outcome"], one["attempt"], one["error"]) == ("failed", 1, "Traceback …\nValueError: no")
    assert (one["worker_id"], one["at"].endswith("Z")) == ("worker-1-0000abcd", True)
    [listed] = (await http.get("/api/tasks?state=running")).json()["tasks"]
    assert listed == {**task, "attempts": None}


async def test_a_worker_shows_what_the_contract_names(http, conn):
    await worker(conn, "worker-1")
    [one] = (await http.get("/api/workers")).json()
    expected = {
        "worker_id": "worker-1-1f", "name": "worker-1", "address": "127.0.0.1:1", "status": "online", "slots": 5,
        "running": 0, "current_task_ids": [], "tasks_completed": 0, "tasks_failed": 0,
    }  # fmt: skip
    assert expected.items() <= one.items()
    assert one["last_heartbeat"].endswith("Z")


async def test_a_worker_shows_what_it_holds_running_ones_first(http, conn):
    session = await worker(conn, "worker-1")
    ids = [await post(http) for _ in range(3)]
    leased = sorted(await made.claim(conn, 3, session), key=lambda lease: ids.index(str(lease.id)))
    await made.start(conn, leased[2])
    [one] = (await http.get("/api/workers")).json()
    assert (one["running"], one["rate"], one["current_task_ids"]) == (3, 0.0, [ids[2], *sorted(ids[:2])])
    assert [task["task_id"] for task in one["tasks"]] == one["current_task_ids"]
    assert [(task["command"], task["state"]) for task in one["tasks"]] == [
        ("noop", "running"), ("noop", "leased"), ("noop", "leased"),
    ]  # fmt: skip
    assert [task["started_at"] is None for task in one["tasks"]] == [False, True, True]


async def test_a_worker_that_holds_much_shows_the_first_of_it(http, conn):
    session = await worker(conn, "worker-1")
    await made.add(conn, 60)
    await made.claim(conn, 60, session)
    [one] = (await http.get("/api/workers")).json()
    assert (one["running"], len(one["tasks"])) == (60, 50)


async def test_a_worker_is_drained_by_an_order(http, conn):
    await worker(conn, "worker-1")
    answer = await http.post("/api/workers/drain", json={"name": "worker-1-1f"})
    assert (answer.status_code, answer.json()["name"]) == (202, "worker-1")
    [row] = await (await conn.execute("SELECT kind, worker_name FROM orders")).fetchall()
    assert tuple(row) == ("drain", "worker-1")
    assert (await http.post("/api/workers/drain", json={"name": "nobody"})).status_code == 404


async def test_a_scale_order_is_written_and_the_coordinators_are_told(http, conn, coordinator):
    answer = await http.post("/api/workers/scale", json={"count": 7})
    assert (answer.status_code, answer.json()["count"]) == (202, 7)
    [row] = await (await conn.execute("SELECT id, kind, worker_count FROM orders")).fetchall()
    assert tuple(row) == (answer.json()["order_id"], "scale", 7)


@pytest.mark.parametrize("count", [0, 51, -1, "3", 2.5, None, True])
async def test_a_scale_order_outside_1_to_50_is_refused(http, conn, count):
    assert (await http.post("/api/workers/scale", json={"count": count})).status_code == 422
    assert await (await conn.execute("SELECT id FROM orders")).fetchall() == []


@pytest.mark.parametrize("name", ["worker-2", "worker-2-1f"])
async def test_a_worker_is_killed_by_its_name_or_its_id(http, conn, name):
    await worker(conn, "worker-1")
    await worker(conn, "worker-2")
    answer = await http.post("/api/workers/kill", json={"name": name})
    assert (answer.status_code, answer.json()["name"]) == (202, "worker-2")
    [row] = await (await conn.execute("SELECT kind, worker_name FROM orders")).fetchall()
    assert tuple(row) == ("kill", "worker-2")


async def test_the_kill_of_nobody_is_404_and_names_who_is_alive(http, conn):
    await worker(conn, "worker-1")
    answer = await http.post("/api/workers/kill", json={"name": "'; DROP TABLE orders; --"})
    assert answer.status_code == 404
    assert answer.json()["detail"].endswith("alive are: worker-1")


async def test_the_probes_answer(http):
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    assert (await http.get("/readyz")).json() == {"status": "ok"}


async def test_metrics_tell_requests_events_and_totals(http):
    await post(http)
    await http.get("/nowhere/at/all")
    text = (await http.get("/metrics")).text
    for line in (
        'taskmaster_http_requests_total{method="POST",route="/api/schedule",status="201"} 1.0',
        'taskmaster_http_requests_total{method="unknown",route="unknown",status="404"} 1.0',
        'taskmaster_http_request_seconds_count{method="POST",route="/api/schedule"} 1.0',
        'taskmaster_tasks{state="pending"} 1.0',
        "taskmaster_store_up 1.0",
        'taskmaster_events_total{event="task_scheduled"}',
    ):
        assert line in text


async def test_head_answers_like_get_without_a_body(http):
    for path in ("/api/stats", "/healthz", "/api/logs/stream"):
        answer = await http.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_a_method_that_is_not_meant_is_405_and_says_which_is(http):
    answer = await http.delete("/api/tasks")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (await http.get("/api/schedule")).headers["allow"] == "POST"


async def test_an_unknown_route_is_404_with_advice(http):
    answer = await http.get(f"/api/nothing/{uuid4()}")
    assert answer.status_code == 404
    assert "/openapi.json" in answer.json()["detail"]
