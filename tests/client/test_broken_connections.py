"""A connection that breaks: what may be repeated is, with the same ids, so that nothing happens twice."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cluster.client import Client, new_task
from cluster.core.errors import EdgeUnavailable, StoreUnavailable, TaskMasterError

PROBLEM = {"type": "about:blank", "title": "T", "status": 503, "detail": "PostgreSQL does not answer"}
EVENT = {"event": "task_started", "level": "info", "msg": "m", "timestamp": "2031-05-01T09:00:00Z"}


class Edge(ThreadingHTTPServer):
    """Plays an edge in trouble. `script`: what to do with each request in turn; `asked`: what was asked."""

    def __init__(self, *script):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.asked = list(script), []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body)))
        self.server.script.pop(0)(self)

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Last-Event-ID")))
        self.server.script.pop(0)(self)

    def log_message(self, *_):
        """Not to stderr."""


def cut(handler):
    """Nobody knows whether it was committed."""
    handler.close_connection = True


def answer(status, document):
    def send(handler):
        body = json.dumps(document).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def events(*numbers):
    """A stream that ends after these."""

    def send(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for number in numbers:
            handler.wfile.write(f"id: b-{number}\ndata: {json.dumps(EVENT)}\n\n".encode())
        handler.close_connection = True

    return send


@pytest.fixture
def edge():
    """Start an edge that plays a script."""
    started = []

    def start(*script):
        server = Edge(*script)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def scheduled(handler):
    _, body = handler.server.asked[-1]
    answer(200, {"task_id": body["task_id"], "command": body["command"], "scheduled_at": 1.5})(handler)


def test_a_post_whose_answer_was_lost_is_repeated_with_the_same_id(edge):
    server = edge(cut, cut, scheduled)
    with Client(server.url) as client:
        posted = client.schedule("noop", {"n": 1})
    assert len(server.asked) == 3
    assert [body["task_id"] for _, body in server.asked] == [str(posted.task_id)] * 3


def test_a_batch_is_repeated_as_it_was(edge):
    tasks = [new_task("noop") for _ in range(3)]
    told = {"count": 3, "task_ids": [str(task.id) for task in tasks]}
    server = edge(answer(503, PROBLEM), answer(201, told))
    with Client(server.url) as client:
        assert client.schedule_many(tasks) == [task.id for task in tasks]
    assert server.asked[0] == server.asked[1]


def test_a_kill_is_never_repeated(edge):
    server = edge(cut)
    with Client(server.url) as client, pytest.raises(EdgeUnavailable):
        client.kill("worker-1")
    assert server.asked == [("/api/workers/kill", {"name": "worker-1"})]


def test_trouble_that_lasts_is_told(edge):
    server = edge(*[answer(503, PROBLEM)] * 4)
    with Client(server.url) as client, pytest.raises(StoreUnavailable, match="PostgreSQL does not answer"):
        client.stats()
    assert len(server.asked) == 4


def test_what_is_refused_is_not_asked_again(edge):
    server = edge(answer(500, {"detail": "something went wrong on our side"}))
    with Client(server.url) as client, pytest.raises(TaskMasterError, match="on our side"):
        client.stats()
    assert len(server.asked) == 1


def test_an_answer_of_somebody_else_is_told(edge):
    server = edge(answer(200, {"hello": "world"}))
    with Client(server.url) as client, pytest.raises(TaskMasterError, match="not one of this version"):
        client.stats()


def test_a_stream_that_breaks_is_taken_up_after_its_last_event(edge):
    server = edge(events(1, 2), answer(503, PROBLEM), cut, events(3))
    with Client(server.url) as client:
        stream = client.events()
        assert [next(stream).id for _ in range(3)] == ["b-1", "b-2", "b-3"]
        stream.close()
    assert [last for _, last in server.asked] == [None, "b-2", "b-2", "b-2"]


def test_nobody_at_the_address_is_told_with_what_to_do():
    with Client("http://127.0.0.1:9") as client, pytest.raises(EdgeUnavailable, match="is `taskmaster up` running"):
        client.workers()
