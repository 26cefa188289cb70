"""Queues over HTTP: seen, paused, resumed; said twice it changes nothing."""

from urllib.parse import quote

import pytest

from cluster.store import queues
from tests.edge.test_reading import post
from tests.store import made


async def events(http):
    return [event["event"] for event in (await http.get("/api/logs")).json()]


async def test_a_queue_is_paused_and_resumed_and_both_are_told_once(http, conn):
    task_id = await post(http, queue="slow")
    for changed in (True, False):
        told = (await http.post("/api/queues/slow/pause")).json()
        assert (told["queue"], told["paused"], told["changed"]) == ("slow", True, changed)
    assert await made.claim(conn, 5) == []
    for changed in (True, False):
        told = (await http.post("/api/queues/slow/resume")).json()
        assert (told["paused"], told["paused_at"], told["changed"]) == (False, None, changed)
    assert [str(lease.id) for lease in await made.claim(conn, 5)] == [task_id]
    assert await events(http) == ["task_scheduled", "queue_paused", "queue_resumed"]


@pytest.mark.parametrize("queue", ["mail/eu", "a/pause", "größe:1@x+y"])
async def test_whatever_may_be_the_name_of_a_queue_can_be_paused(http, conn, queue):
    for verb, paused in (("pause", True), ("resume", False)):
        answer = await http.post(f"/api/queues/{quote(queue, safe='')}/{verb}")
        assert (answer.status_code, answer.json()["queue"], answer.json()["paused"]) == (200, queue, paused)
        assert [one.queue for one in await queues.paused(conn)] == [queue] * paused


async def test_a_list_of_queues_says_what_waits_in_each(http, conn):
    await post(http)
    await post(http, queue="slow", delay_seconds=60)
    await queues.pause(conn, "slow")
    await post(http, queue="slow")
    default, slow = (await http.get("/api/queues")).json()
    expected = {"queue": "default", "paused": False, "paused_at": None, "pending": 1, "waiting": 1, "partial": False}
    assert expected.items() <= default.items()
    assert {"queue": "slow", "paused": True, "pending": 2, "waiting": 1, "scheduled": 1}.items() <= slow.items()


async def test_who_pauses_a_queue_sees_it_paused_in_the_next_list(http):
    assert (await http.get("/api/queues")).json() == []
    await http.post("/api/queues/empty/pause")
    [one] = (await http.get("/api/queues")).json()
    assert (one["queue"], one["paused"], one["pending"]) == ("empty", True, 0)


@pytest.mark.parametrize("queue", ["a b", "%00", "x" * 101, "-x", "a%0A"])
async def test_what_cannot_be_the_name_of_a_queue_is_refused(http, conn, queue):
    answer = await http.post(f"/api/queues/{queue}/pause")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert await queues.paused(conn) == []
