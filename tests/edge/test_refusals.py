"""Bad input: each request is refused with a reason, nothing is enqueued, no traceback is logged."""

import itertools
import json
import random

import httpx
import psycopg
import pytest
from psycopg import sql

from cluster.core import limits
from cluster.core.errors import StoreRejected
from cluster.runtime import telemetry
from cluster.store import group_commit

JSON = {"content-type": "application/json"}
METACHARACTERS = [
    "'; DROP TABLE tasks; --", "1 OR 1=1", "\" OR \"\"=\"", "$(reboot)", "`id`", "a|b", "a&&b", "a;b", "a>b",
    "../../x", "%00", "%s%n",
    "{{7*7}}", "<script>alert(1)</script>", "${jndi:ldap://x}", "*", "a b", "-rf", "\\", "~", "#", "\u202ea", "a\u200b",
]  # fmt: skip
CONTROL = ["\x00", "a\x00b", "a\nb", "\x1b[2J", "\x7f", "\u0085", "\r"]
WRONG_TYPES = [None, 0, 1, -1, 1.5, 10**30, True, [], {}, [[]], {"a": 1}]
LONG = "A" * 5000

FIELDS = {
    "command": [*METACHARACTERS, *CONTROL, *WRONG_TYPES, "", LONG, "x" * 201],
    "queue": [*METACHARACTERS, *CONTROL, *WRONG_TYPES, "", LONG, "x" * 101],
    "unique_key": [*CONTROL, *WRONG_TYPES[1:], "", LONG, "\u202e"],
    "payload": [0, 1.5, True, "text", [], [{}], {"a": "\x00"}, {"\x00": 1}, {"a": "x" * 300_000}],
    "priority": [-101, 101, 1.5, "1", 10**30, True, [], {}, None],
    "max_attempts": [0, -1, 101, 1.5, "3", True, []],
    "timeout_seconds": [0, -1, 86401, 1e308, "1", True, []],
    "delay_seconds": [-1, -0.001, 1e308, "1", True, [], None],
    "scheduled_at": [*METACHARACTERS, *CONTROL, *WRONG_TYPES[1:], "", LONG, "tomorrow", "2031-02-30",
                     "2031-01-01T25:00Z"],
    "task_id": [*METACHARACTERS, *CONTROL, *WRONG_TYPES[1:], "", LONG, "0" * 31, "g" * 32],
    "Command": ["noop"],
    "status": ["COMPLETE"],
    "__class__": ["x"],
    "'; DROP TABLE tasks; --": [1],
}  # fmt: skip

BODIES = [
    b"", b" ", b"{", b"}", b"null", b"true", b"42", b'"text"', b"[]", b"\x00", b"\xff\xfe{}", b"\xef\xbb\xbf{}",
    b"command=noop",
    b"{'command':'noop'}", b'{"command":"noop",}', b'{"command":NaN}', b'{"command":"noop"} x',
    b'{"command":"noop\x00"}',
    b'{"command":"\xff"}', b'{"command":"\\ud800"}', b'{"command":"noop","payload":{"a":"\\udc00"}}',
    b'{"command":"noop","payload":{"a":NaN}}', b'{"command":"noop","payload":{"a":Infinity}}',
    b'{"command":"noop","payload":{"a":1e999}}', b'{"command":"noop","payload":{"a":' + b"9" * 5000 + b"}}",
    b'{"command":"noop","payload":{"a":"\xff"}}', b'{"command":"noop","payload":' + b'{"a":' * 101 + b"1" + b"}" * 102,
    b'{"command":"noop","payload":' + b'{"a":' * 40_000 + b"1" + b"}" * 40_001, b"[" * 200_000, b'{"a":' * 150_000,
    b'{"command":"noop","payload":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", b'{"tasks":' * 1000,
    b'{"command":"noop"' + b" " * limits.BODY_BYTES + b"}",
]  # fmt: skip


def of_one_field():
    for field, values in FIELDS.items():
        for value in values:
            yield "/api/schedule", {"command": "noop", field: value}
            yield "/api/schedule/batch", {"tasks": [{"command": "noop"}, {"command": "noop", field: value}]}


def of_batches():
    for count in (0, -1, 1001, 10**30, 1.5, "3", None, True, [], "$(reboot)"):
        yield "/api/schedule/batch", {"count": count}
    for tasks in ([], [1], {}, "noop", None, [None], [[]], [{"command": "noop"}] * 1001):
        yield "/api/schedule/batch", {"tasks": tasks}
    yield "/api/schedule/batch", {"tasks": [{"command": "noop"}], "count": 3}
    yield "/api/schedule/batch", {}
    for field, values in FIELDS.items():
        for value in values[:3] if field in {"command", "payload", "delay_seconds"} else [1]:
            yield "/api/schedule/batch", {"count": 2, field: value}


def of_many_fields(dice):
    """At least one field is wrong for certain."""
    while True:
        fields = dice.sample(sorted(FIELDS), k=dice.randint(1, 4))
        yield "/api/schedule", {"command": "noop", **{field: dice.choice(FIELDS[field]) for field in fields}}


def bad_requests(dice):
    posts = itertools.chain(of_one_field(), of_batches())
    for path, body in posts:
        yield "POST", path, json.dumps(body).encode()
    for path in (
        "/api/schedule",
        "/api/schedule/batch",
        "/api/status/batch",
        "/api/workers/scale",
        "/api/workers/kill",
    ):
        for body in BODIES:
            yield "POST", path, body
    for text in (*METACHARACTERS, *CONTROL, LONG):
        for path in ("/api/status?task_id=", "/status?task_id=", "/api/tasks?limit=", "/api/tasks?status=",
                     "/api/tasks?cursor=", "/api/tasks?queue=", "/api/tasks?x=", "/api/tasks/"):  # fmt: skip
            yield "GET", path + str(httpx.QueryParams({"": text}))[1:], None
    for text in CONTROL:
        yield "GET", "/api/tasks?" + str(httpx.QueryParams({"worker": text})), None
        yield "POST", "/api/workers/kill", json.dumps({"name": text}).encode()
    for path, body in of_many_fields(dice):
        yield "POST", path, json.dumps(body).encode()


async def test_a_thousand_bad_requests_are_refused_with_a_reason_and_change_nothing(http, conn, capfd):
    wrong, failed = [], telemetry.counts().get("request_failed", 0)
    requests = list(itertools.islice(bad_requests(random.Random(7)), 1500))
    for method, path, body in requests:
        answer = await http.request(method, path, content=body, headers=JSON if method == "POST" else {})
        told = f"{method} {path[:80]} {(body or b'')[:120]!r}: {answer.status_code} {answer.text[:200]}"
        if not 400 <= answer.status_code < 500:
            wrong.append(told)
        elif answer.headers["content-type"] != "application/problem+json" or len(answer.json()["detail"]) < 10:
            wrong.append(f"no use: {told}")
    assert wrong == []
    assert len(requests) >= 1000
    for table in ("tasks", "task_history", "orders"):
        [row] = await (await conn.execute(f"SELECT count(*) FROM {table}")).fetchall()
        assert row[0] == 0, table
    assert "Traceback" not in "".join(capfd.readouterr())
    assert telemetry.counts().get("request_failed", 0) == failed


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"command":', 400), (b"\xff", 400), (b'{"command": 1}', 422), (b"{}", 422),
        (b'{"command":"noop","x":1}', 422),
        (b'{"command":"noop","payload":{"a":"' + b"x" * 270_000 + b'"}}', 413), (b" " * 1_100_000 + b"{}", 413),
        (b"[" * 100_000, 422), (b'{"command":"noop","payload":' + b"[" * 100_000, 400),
    ],
)  # fmt: skip
async def test_what_is_no_json_is_400_what_is_wrong_422_what_is_too_large_413(http, body, status):
    assert (await http.post("/api/schedule", content=body, headers=JSON)).status_code == status


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"command": 5}, "command: Expected `str`"),
        ({"command": "noop", "priority": 101}, "priority: Expected `int` <= 100"),
        ({"command": "noop", "x": 1}, "unknown field `x`"), ({}, "missing required field `command`"),
        ({"command": "noop", "payload": []}, "payload must be a JSON object"),
    ],
)  # fmt: skip
async def test_the_detail_names_the_field_and_what_it_takes(http, body, field):
    assert field in (await http.post("/api/schedule", json=body)).json()["detail"]


async def test_a_body_without_a_length_is_cut_off_while_it_is_read(http):
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 200:
            sent += 1
            yield b" " * 65536

    answer = await http.post("/api/schedule", content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_body_that_is_not_declared_as_json_is_415(http, media_type):
    headers = {} if media_type is None else {"content-type": media_type}
    for path in ("/api/schedule", "/api/workers/scale"):
        answer = await http.post(path, content=b'{"command":"noop"}', headers=headers)
        assert answer.status_code == 415


async def test_pages_of_other_sites_may_not_post(http, edge, conn):
    ours = f"http://127.0.0.1:{edge.server.port}"
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{edge.server.port + 1}", "http://127.0.0.1", ""):
        answer = await http.post("/api/schedule", json={"command": "noop"}, headers={"origin": origin})
        assert answer.status_code == 403, origin
    assert (await http.post("/api/schedule", json={"command": "noop"}, headers={"origin": ours})).status_code == 201
    assert "access-control-allow-origin" not in (await http.get("/api/stats")).headers


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://]", "http://[v1.x]:y"])
async def test_an_origin_that_is_none_is_refused_on_every_route_like_a_foreign_one(http, origin):
    before = telemetry.counts().get("request_failed", 0)
    for path in ("/api/stats", "/healthz", "/", "/nowhere"):
        answer = await http.get(path, headers={"origin": origin})
        assert (answer.status_code, "other sites" in answer.json()["detail"]) == (403, True), path
    assert telemetry.counts().get("request_failed", 0) == before


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example"]
)
async def test_a_foreign_name_that_points_to_this_machine_gets_nothing(http, host):
    assert (await http.get("/api/stats", headers={"host": host})).status_code == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8081", "127.0.0.1", "[::1]:8081", "192.168.1.2:80", "a.localhost"]
)
async def test_names_of_this_machine_and_addresses_are_answered(http, host):
    assert (await http.get("/healthz", headers={"host": host})).status_code == 200


async def test_what_nobody_foresaw_is_a_500_that_gives_nothing_away_and_an_event(http, monkeypatch):
    async def broken(pool, tasks, **bounds):
        raise StoreRejected("relation secret_table does not exist")

    monkeypatch.setattr(group_commit, "enqueue_for_certain", broken)
    before = telemetry.counts().get("request_failed", 0)
    answer = await http.post("/api/schedule", json={"command": "noop"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert telemetry.counts()["request_failed"] == before + 1


NOBODY = "00000000-0000-4000-8000-000000000000"
ASKED = {
    "POST /api/schedule": {"command": "noop"}, "POST /schedule": {"command": "noop"},
    "POST /api/schedule/batch": {"count": 2}, "POST /api/status/batch": {"task_ids": [NOBODY]},
    "POST /api/tasks/cancel": {"queue": "slow"}, "POST /api/tasks/retry": {"task_ids": [NOBODY]},
    "POST /api/workers/scale": {"count": 2}, "POST /api/workers/kill": {"name": "worker-1"},
    "POST /api/workers/drain": {"name": "worker-1"},
}  # fmt: skip


async def test_without_postgresql_every_route_that_needs_it_answers_503_and_when_to_try_again(
    http, settings, edge_pool, postgres
):
    paths = (await http.get("/openapi.json")).json()["paths"]
    name = settings.database_url.rpartition("?")[0].rpartition("/")[2] or settings.database_url.rpartition("/")[2]
    edge_pool.timeout = 0.1
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    asked = []
    for path, operations in paths.items():
        for method, operation in operations.items():
            if "503" in operation["responses"]:
                status = path.endswith("/status")
                where = f"{path}?task_id={NOBODY}" if status else path.format(task_id=NOBODY, queue="slow")
                asked.append(f"{method.upper()} {path}")
                answer = await http.request(method.upper(), where, json=ASKED.get(asked[-1]))
                assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1"), asked[-1]
                assert "PostgreSQL" in answer.json()["detail"]
    assert ASKED.keys() <= set(asked)
    assert (await http.get("/healthz")).status_code == 200
    assert "taskmaster_store_up 0.0" in (await http.get("/metrics")).text
    assert (await http.get("/api/logs")).json() == []
