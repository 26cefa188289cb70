"""A thousand requests that ask for nonsense: each is refused with a reason, and nothing comes of any."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx

from tests.acceptance.cluster import RunningCluster

REQUESTS = 1000

INJECTIONS = [
    "'; DROP TABLE tasks; --", "1 OR 1=1", "%s", "{}", "${jndi:ldap://x}", "$(reboot)", "`id`", "| cat /etc/passwd",
    "../../etc/passwd", "\u202e", "<script>alert(1)</script>", "A" * 5000, "\x00", "tab\there", "line\nbreak",
]  # fmt: skip

WRONG: dict[str, list[Any]] = {
    "command": [None, 1, True, [], {}, "", "A" * 201, "nul\x00", "two\nlines", "\x1b[2J"],
    "payload": [1, "text", [], True, 1.5, [{}], "null"],
    "queue": [None, 1, [], "", "q" * 101, "nul\x00"],
    "priority": ["high", 1.5, 101, -101, 10**30, None, [], True],
    "max_attempts": [0, -1, "3", 1.5, 101, 10**12],
    "timeout_seconds": [0, -1, "10", 1e9, []],
    "delay_seconds": [-1, "5", 1e300, [], {}],
    "scheduled_at": ["tomorrow", "2031-13-01T00:00:00Z", 1, [], {}, *INJECTIONS],
    "unique_key": [1, "", "k" * 201, "nul\x00", []],
    "task_id": [1, "", "not-a-uuid", [], *INJECTIONS],
    "unknown_field": [1, None, *INJECTIONS],
    "Command": ["noop"],
}

BROKEN = [
    b"", b"{", b"}", b"null", b"[]", b"42", b'"text"', b"\x00", b"\xff\xfe{}", b"command=noop", b"{'command': 'noop'}",
    b'{"command": "noop"', b'{"command": "noop",}', b'{"command": NaN}', b'{"command": "noop"} trailing',
    b'{"command": "\xff"}', b'{"command": "\\ud800"}', b"[" * 100_000, b'{"a":' * 50_000,
]  # fmt: skip

LISTINGS = ["limit", "cursor", "status", "no_such_parameter"]


def schedule(body: bytes) -> httpx.Request:
    return httpx.Request("POST", "/api/schedule", content=body, headers={"Content-Type": "application/json"})


def batch(body: Any) -> httpx.Request:
    return httpx.Request("POST", "/api/schedule/batch", json=body)


def nonsense() -> Iterator[httpx.Request]:
    """Without end: one thing wrong at a time first, then several at once."""
    for field, values in WRONG.items():
        for value in values:
            yield schedule(json.dumps({"command": "noop", field: value}).encode())
            yield batch({"tasks": [{"command": "noop"}, {"command": "noop", field: value}]})
    yield from map(schedule, BROKEN)
    for count in (0, -1, 1001, 10**18, "3", 1.5, None):
        yield batch({"command": "noop", "count": count})
    yield batch({"tasks": []})
    yield batch({"tasks": [{"command": "noop"}] * 1001})
    yield batch({"tasks": [{"command": "noop"}], "count": 3})
    yield schedule(json.dumps({"command": "noop", "payload": {"a": "x" * 300_000}}).encode())
    yield schedule(json.dumps({"command": "noop", "payload": {"a": "x" * 2_000_000}}).encode())
    for text in INJECTIONS:
        yield httpx.Request("GET", "/api/status", params={"task_id": text})
        yield from (httpx.Request("GET", "/api/tasks", params={name: text}) for name in LISTINGS)
        yield httpx.Request("POST", "/api/workers/scale", json={"count": text})
        yield httpx.Request("POST", "/api/workers/kill", json={"name": text})
    dice = random.Random(2)
    while True:
        fields = dice.sample(sorted(WRONG), k=dice.randint(2, 4))
        yield schedule(json.dumps({"command": "noop", **{name: dice.choice(WRONG[name]) for name in fields}}).encode())


def refused(cluster: RunningCluster, request: httpx.Request) -> str:
    """Why this answer is not a proper refusal, or nothing."""
    target = cluster.http.build_request(request.method, str(request.url), content=request.content, headers={
        name: value for name, value in request.headers.items() if name == "content-type"
    })  # fmt: skip
    answer = cluster.http.send(target)
    told = (
        f"{request.method} {str(request.url)[:200]} {request.content[:200]!r}: {answer.status_code} {answer.text[:300]}"
    )
    if not 400 <= answer.status_code < 500:
        return told
    if answer.headers["content-type"] != "application/problem+json" or len(answer.json().get("detail", "")) < 10:
        return f"no useful detail: {told}"
    return ""


async def test_a_thousand_requests_of_nonsense_are_refused_and_enqueue_nothing(shared: RunningCluster) -> None:
    await shared.idle()
    before = shared.stats()["total"]

    wrong = [refused(shared, request) for request in itertools.islice(nonsense(), REQUESTS)]

    assert [told for told in wrong if told] == []
    assert shared.stats()["total"] == before
    assert len(shared.online()) == 3
    shared.assert_no_traceback()
