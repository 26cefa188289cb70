"""Refusals say what would be right, in the words of those who send requests."""

import pytest

JSON = {"content-type": "application/json"}
NAME = "must be made of letters, digits and _ . : / @ + -, beginning with a letter, a digit or _"


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("schedule", {"command": "a b"}, f"command: {NAME}"),
        ("schedule", {"command": "noop", "queue": "-x"}, f"queue: {NAME}"),
        ("schedule", {"command": "noop", "unique_key": "a\nb"},
         "unique_key: must not hold NUL, line breaks or other control characters"),
        ("schedule", {"command": "noop", "x": 1},
         "unknown field `x`; known here: command, payload, scheduled_at, delay_seconds, queue, priority, "
         "max_attempts, timeout_seconds, unique_key, task_id"),
        ("schedule", {}, "Object missing required field `command`"),
        ("schedule/batch", {"tasks": [{"command": "noop"}, {"command": "a b"}]}, f"tasks[1].command: {NAME}"),
        ("schedule/batch", {"tasks": [{"command": "noop", "cron": 1}]}, "tasks[0]: unknown field `cron`; known here: "),
        ("schedule/batch", {"tasks": [{"command": "noop"}], "count": 3}, "give tasks or count, not both"),
        ("schedule/batch", {"tasks": [{"command": "noop"}], "x": 3}, "unknown field `x`; known here: tasks"),
        ("schedule/batch", {}, "give count or tasks"), ("schedule/batch", [], "Expected `object`, got `array`"),
        ("workers/kill", {"worker": "x"}, "unknown field `worker`; known here: name"),
    ],
)  # fmt: skip
async def test_a_body_that_is_wrong(http, path, body, detail):
    answer = await http.post(f"/api/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("status=done", "status: must be one of CANCELLED, COMPLETE, FAILED, QUEUED, STARTED, cancelled, "),
        ("state=QUEUED", "state: must be one of cancelled, complete, dead, "),
        ("status=STARTED&state=ready", "state: no task that is ready has the status STARTED"),
        ("offset=1", "unknown field `offset`; known here: status, state, queue, command, worker, "),
        ("cursor=1", "cursor: must be the next_cursor of an answer"), ("limit=501", "limit: Expected `int` <= 500"),
    ],
)  # fmt: skip
async def test_a_parameter_that_is_wrong(http, query, detail):
    answer = await http.get(f"/api/tasks?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize("path", ["/healthz?x=1", "/api/stats?x=1"])
async def test_where_nothing_is_taken_that_is_said(http, path):
    assert (await http.get(path)).json()["detail"] == "unknown field `x`; known here: none"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"command":"\\ud800"}', "it holds half a surrogate pair, like \\ud800 alone"),
        (b'{"command":"noop","payload":{"a":"\\udc00"}}', "it holds half a surrogate pair, like \\ud800 alone"),
        (b'{"command":', "it ends too early"), (b'{"command":noop}', "JSON is malformed: invalid character (byte 15)"),
    ],
)  # fmt: skip
async def test_a_body_that_is_not_json(http, body, why):
    answer = await http.post("/api/schedule", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (400, f"the body is not valid JSON in UTF-8: {why}")
