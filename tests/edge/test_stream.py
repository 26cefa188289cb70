"""The event stream: backlog, ids, resuming, slow clients, comments, and an end when the edge ends."""

import asyncio
import json
import socket
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from cluster.core.events import Event
from cluster.edge import stream as stream_module
from cluster.edge.feed import Feed
from cluster.edge.stream import Stream
from cluster.wire import taskmaster_pb2 as pb
from tests.fixtures.eventually import eventually

PATH = "/api/logs/stream"


class Listener:
    """Reads a stream and keeps what it said: (id, event name, data)."""

    def __init__(self, response):
        self.response = response
        self.told = []
        self.comments = 0
        self.ended = False

    async def read(self):
        fields = {}
        async for text in self.response.aiter_lines():
            if text.startswith(":"):
                self.comments += 1
            elif text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif "data" in fields:
                self.told.append((fields.get("id"), fields.get("event"), json.loads(fields["data"])))
                fields = {}
        self.ended = True

    @property
    def messages(self):
        return [data["msg"] for _, name, data in self.told if name is None]

    @property
    def resets(self):
        return [data for _, name, data in self.told if name == "reset"]


@asynccontextmanager
async def listening(http, last_id=None, path=PATH):
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    async with http.stream("GET", path, headers=headers, timeout=30) as response:
        assert response.status_code == 200
        listener = Listener(response)
        task = asyncio.create_task(listener.read())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.wait({task})


def events(*numbers, name="task_started"):
    return [Event(name, f"event {number}", 1_700_000_000_000_000 + number, task_id=f"t{number}") for number in numbers]


def texts(*numbers):
    return [f"event {number}" for number in numbers]


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


def test_an_id_that_is_too_old_is_told_to_reset():
    feed = Feed("ab", 5, window=10)
    feed.publish(events(*range(100)))
    assert feed.join("ab-90").reset is False
    old = feed.join("ab-89")
    assert (old.reset, old.position) == (True, 96)


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


async def drain(connection):
    received = bytearray()
    loop = asyncio.get_running_loop()
    while chunk := await loop.sock_recv(connection, 65536):
        received += chunk
    return bytes(received)


async def test_a_client_that_reads_too_slowly_is_told_to_reset_and_dropped(edge):
    with raw_client(edge, 4096) as connection:
        await eventually(lambda: edge.feed.clients == 1)
        for _ in range(200):
            edge.feed.publish(Event("task_started", "x" * 1000, 1) for _ in range(1000))
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        edge.feed.publish(events(1))
        received = await asyncio.wait_for(drain(connection), 30)
        assert b"event: reset\ndata: {" in received[-400:]
        assert received.endswith(b"0\r\n\r\n")
        await eventually(lambda: edge.feed.clients == 0)


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


async def test_the_edge_stops_at_once_with_streams_open_and_ends_them_properly(edge, http):
    async with listening(http) as one, listening(http) as two:
        await eventually(lambda: edge.feed.clients == 2)
        edge.feed.publish(events(1))
        with raw_client(edge, 4096) as stuck:
            await eventually(lambda: edge.feed.clients == 3)
            edge.feed.publish(Event("task_started", "x" * 1000, 1) for _ in range(16000))
            await asyncio.sleep(0.2)
            begun = time.monotonic()
            await edge.stop()
            assert time.monotonic() - begun < 2
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


def test_a_stream_endpoint_waits_fifteen_seconds_between_comments():
    assert stream_module.COMMENT_INTERVAL == 15
    assert Stream(Feed("ab", 1))._comment_interval == 15


def test_a_feed_shows_its_state():
    feed = Feed("ab", 2)
    feed.publish(events(1, 2, 3))
    assert repr(feed) == "<Feed <Ring 1..3> clients=0>"
    assert [item["msg"] for item in json.loads(feed.recent())] == texts(2, 3)
