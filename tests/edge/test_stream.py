"""The event stream: backlog, ids, resuming, slow clients, comments, and an end when the edge ends."""

import asyncio
import json
import re
import socket
from datetime import UTC, datetime

import pytest

from cluster.client import stream as client_stream
from cluster.core.events import Event
from cluster.edge import stream as stream_module
from cluster.edge.feed import Feed
from cluster.edge.stream import Stream
from cluster.runtime.paths import shipped
from cluster.wire import taskmaster_pb2 as pb
from tests.edge.listening import PATH, events, listening, texts
from tests.fixtures.eventually import eventually


async def test_the_backlog_comes_first_then_what_happens(edge, http):
    edge.feed.publish(events(1, 2))
    async with listening(http) as listener:
        await eventually(lambda: listener.messages == texts(1, 2))
        edge.feed.publish(events(3))
        await eventually(lambda: listener.messages == texts(1, 2, 3))
        assert [number for number, _, _ in listener.told] == [f"{edge.feed.boot}-{n}" for n in (1, 2, 3)]


async def test_an_event_says_what_when_and_to_whom(edge, http):
    edge.feed.publish([Event("worker_online", "hello", 1_700_000_000_000_001, "warning", worker_id="w")])
    [told] = (await http.get("/api/logs")).json()
    assert told == {
        "event": "worker_online", "level": "warning", "msg": "hello", "worker_id": "w",
        "timestamp": datetime.fromtimestamp(1_700_000_000, UTC).replace(microsecond=1).isoformat()[:-6] + "Z",
    }  # fmt: skip


async def test_logs_are_the_last_250_and_the_same_as_the_stream(edge, http):
    edge.feed.publish(events(*range(300)))
    logs = (await http.get("/api/logs")).json()
    assert [event["msg"] for event in logs] == texts(*range(50, 300))
    async with listening(http) as listener:
        await eventually(lambda: len(listener.told) == 250)
        assert [data for _, _, data in listener.told] == logs


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(edge, http, by_header):
    async with listening(http) as listener:
        edge.feed.publish(events(1, 2, 3))
        await eventually(lambda: len(listener.told) == 3)
        last = listener.told[1][0]
    edge.feed.publish(events(*range(4, 254)))
    back = listening(http, last) if by_header else listening(http, path=f"{PATH}?last_event_id={last}")
    async with back as listener:
        await eventually(lambda: listener.messages == texts(*range(3, 254)))
        assert listener.resets == []


@pytest.mark.parametrize("last_id", ["0123abcd-5", "nonsense", "{boot}-0x", "{boot}-99999", "{boot}--1"])
async def test_an_unknown_id_is_told_to_reset_and_gets_the_backlog(edge, http, last_id):
    edge.feed.publish(events(1, 2))
    async with listening(http, last_id.format(boot=edge.feed.boot)) as listener:
        await eventually(lambda: listener.messages == texts(1, 2))
        assert listener.told[0][1] == "reset"
        assert listener.told[0][0] is None


def test_whoever_was_away_too_long_is_told_how_many_events_are_lost():
    feed = Feed("ab", 5, window=10)
    feed.publish(events(*range(100)))
    assert feed.next_for(feed.join("ab-90"), 1).startswith(b"id: ab-91\n")
    old = feed.join("ab-89")
    assert (old.reset, old.position) == (False, 96)
    assert feed.next_for(old, 1).startswith(b'event: gap\ndata: {"lost":6}\n\nid: ab-96\n')
    assert b"gap" not in feed.next_for(old, 9)


def test_with_many_clients_few_events_of_tasks_are_told_and_the_others_summed_up(monkeypatch):
    now = 1.0
    monkeypatch.setattr("cluster.edge.feed.time.monotonic", lambda: now)
    feed = Feed("ab", 100_000)
    for _ in range(1000):
        assert feed.join("")
    told = 0
    for turn in range(100):
        now = 1.0 + turn / 10
        feed.publish([*events(*range(100)), Event("worker_online", "hello", turn)])
    recent = json.loads(feed.recent())
    single = [event for event in recent if "task_id" in event]
    summed = [sum(event["counts"].values()) for event in recent if event["event"] == "tasks_summary"]
    assert len([event for event in recent if event["event"] == "worker_online"]) == 100
    # A burst, and fifty a second.
    assert 250 <= len(single) <= 250 + 10 * 50
    assert len(summed) <= 10
    now += 1.0
    asyncio.run(feed.tell_summary())
    [*_, last] = json.loads(feed.recent())
    told = len(single) + sum(summed) + sum(last["counts"].values())
    assert told == 100 * 100


def test_the_writes_to_many_clients_are_spread_and_those_to_a_few_are_not_late():
    feed = Feed("ab", 1)
    assert (feed.gather, feed.stagger()) == (0.02, 0.0)
    for _ in range(1000):
        assert feed.join("")
    assert feed.gather == 0.5
    waits = [feed.stagger() for _ in range(100)]
    assert 0 <= min(waits) < 0.2 < 0.3 < max(waits) <= 0.5


async def test_a_new_task_is_told_once_and_before_what_a_coordinator_tells_of_it(edge, http, coordinator):
    task_id = "018f6b1e-0000-7000-8000-000000000001"
    await eventually(lambda: coordinator.watches)
    edge.herald.expect([task_id])
    await coordinator.tell.put(pb.EventBatch(coordinator_id="c1", last=2, events=[
        pb.Event(event="task_started", msg="early", level="info", task_id=task_id, timestamp_us=2),
        pb.Event(event="task_started", msg="other", level="info", task_id="x", timestamp_us=2),
    ]))  # fmt: skip
    async with listening(http) as listener:
        await eventually(lambda: listener.messages == ["other"])
        await http.post("/api/schedule", json={"command": "noop", "task_id": task_id})
        await eventually(lambda: listener.messages == ["other", "noop is scheduled to run now", "early"])


async def test_watching_resumes_where_the_coordinator_was_left(edge, http, coordinator):
    await eventually(lambda: coordinator.watches)
    assert (coordinator.watches[0].coordinator_id, coordinator.watches[0].after) == ("", 0)
    await coordinator.tell.put(pb.EventBatch(coordinator_id="c1", last=17, missed=4, events=[
        pb.Event(event="worker_online", msg="hello", level="info", timestamp_us=1),
    ]))  # fmt: skip
    async with listening(http) as listener:
        await eventually(lambda: listener.messages == ["4 events came too fast to be told", "hello"])
    await coordinator.server.stop(0)
    replacement = type(coordinator)()
    replacement.server._wanted = coordinator.server.port
    await replacement.server.start()
    await eventually(lambda: replacement.watches)
    assert (replacement.watches[0].coordinator_id, replacement.watches[0].after) == ("c1", 17)
    await replacement.server.stop(0)


async def test_every_one_of_a_thousand_events_reaches_each_client_in_order(edge, http):
    async with listening(http) as one, listening(http) as two:
        for first in range(0, 1000, 50):
            edge.feed.publish(events(*range(first, first + 50)))
            await asyncio.sleep(0)
        for listener in (one, two):
            await eventually(lambda listener=listener: listener.messages == texts(*range(1000)))


@pytest.fixture
def quick(monkeypatch):
    """Comments every 50 ms; a stuck write is given up after half a second."""
    monkeypatch.setattr(stream_module.Stream.__init__, "__kwdefaults__", {"comment_interval": 0.05, "stalled": 0.5})


async def test_a_quiet_stream_carries_comments(quick, edge, http):
    async with listening(http) as listener:
        await eventually(lambda: listener.comments >= 3)


def raw_client(edge, receive_buffer=None):
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect(("127.0.0.1", edge.server.port))
    connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    connection.setblocking(False)
    return connection


async def test_a_client_that_reads_too_slowly_is_told_what_it_has_lost_and_goes_on(edge):
    with raw_client(edge, 4096) as connection:
        await eventually(lambda: edge.feed.clients == 1)
        for _ in range(60):
            edge.feed.publish(Event("task_started", "x" * 1000, 1) for _ in range(1000))
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        edge.feed.publish(events(1))
        received = bytearray()
        # Only in what is new: there may be sixty megabytes.
        while b'"event 1"' not in received[-66_000:]:
            received += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(connection, 65536), 30)
        lost = [int(number) for number in re.findall(rb'event: gap\ndata: {"lost":(\d+)}', received)]
        assert lost
        assert received.count(b"\nid: ") + sum(lost) == 60 * 1000 + 1
        assert edge.feed.clients == 1


async def test_a_client_that_reads_nothing_at_all_is_dropped(quick, edge):
    with raw_client(edge, 4096):
        await eventually(lambda: edge.feed.clients == 1)

        def flooded():
            edge.feed.publish(Event("task_started", "x" * 1000, 1) for _ in range(1000))
            return edge.feed.clients == 0

        await eventually(flooded, timeout=30)


async def test_a_client_that_hangs_up_is_forgotten(edge, http):
    async with listening(http):
        await eventually(lambda: edge.feed.clients == 1)
    await eventually(lambda: edge.feed.clients == 0)


async def test_one_client_too_many_is_503(edge, http, monkeypatch):
    monkeypatch.setattr(edge.feed, "_most_clients", 1)
    async with listening(http):
        await eventually(lambda: edge.feed.clients == 1)
        answer = await http.get(PATH)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


async def test_the_edge_stops_with_streams_open_and_ends_them_properly(edge, http):
    async with listening(http) as one, listening(http) as two:
        await eventually(lambda: edge.feed.clients == 2)
        edge.feed.publish(events(1))
        with raw_client(edge, 4096) as stuck:
            await eventually(lambda: edge.feed.clients == 3)
            edge.feed.publish(Event("task_started", "x" * 1000, 1) for _ in range(6000))
            await asyncio.sleep(0.2)
            # Whoever reads nothing keeps its connection as long as it likes.
            async with asyncio.timeout(30):
                await edge.stop()
            assert stuck.fileno() > 0
        await eventually(lambda: one.ended and two.ended)
        assert one.told[0][2]["msg"] == "event 1"


async def test_whoever_follows_hears_what_was_told_just_before_the_end(edge, http):
    async with listening(http) as listener:
        await eventually(lambda: edge.feed.clients == 1)
        edge.feed.publish(events(1))
        await eventually(lambda: listener.told)
        edge.feed.publish(events(2))
        edge.feed.close()
        await eventually(lambda: listener.ended)
        assert [told[2]["msg"] for told in listener.told] == texts(1, 2)


def test_a_comment_may_be_missed_before_anybody_gives_the_stream_up():
    page = shipped("dashboard-sources", "cluster/edge/dashboard") / "src" / "live" / "follow.ts"
    [milliseconds] = re.findall(r"^const SILENCE_MS = ([\d_]+);", page.read_text(), re.MULTILINE)
    patience = min(int(milliseconds) / 1000, client_stream.SILENCE)
    assert Stream(Feed("ab", 1))._comment_interval == stream_module.COMMENT_INTERVAL < patience / 2


def test_a_feed_shows_its_state():
    feed = Feed("ab", 2)
    feed.publish(events(1, 2, 3))
    assert repr(feed) == "<Feed <Ring 1..3> clients=0>"
    assert [item["msg"] for item in json.loads(feed.recent())] == texts(2, 3)
