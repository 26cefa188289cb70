"""The cheap HTTP of the load client: answers are cut out of the bytes, however they come."""

import asyncio
import json
from collections import Counter

import pytest

from cluster.cli.bench.http import CREATED, Caller, Connection, get, post
from cluster.cli.bench.load import Load, Requests, request
from cluster.core.errors import EdgeUnavailable

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\ncontent-type: x\r\n\r\n{}"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_answers_are_found_whatever_the_pieces_they_come_in(size):
    answers = []
    connection = Connection(lambda _, status, body: answers.append((status, body)), lambda error: None)
    come = ANSWER + EMPTY + ANSWER
    for place in range(0, len(come), size):
        connection.data_received(come[place : place + size])
    assert answers == [(201, b"{}"), (204, b""), (201, b"{}")]


def test_a_request_names_its_length_and_this_machine():
    head, body = post("/api/schedule", b'{"command":"x"}').split(b"\r\n\r\n")
    assert body == b'{"command":"x"}'
    assert b"Content-Length: 15" in head
    assert b"Host: 127.0.0.1" in head
    assert get("/x").startswith(b"GET /x HTTP/1.1\r\n")


def test_one_task_and_many_are_requests_of_their_own():
    assert request(1).startswith(b"POST /api/schedule HTTP")
    body = request(3).split(b"\r\n\r\n")[1]
    assert json.loads(body) == {"tasks": [{"command": "noop"}] * 3}


class Answering:
    """A server that answers each request with the next of `answers`, and closes when there is none."""

    def __init__(self, *answers, forever=b""):
        self.answers, self.forever, self.requests = list(answers), forever, 0
        self.used = Counter()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        while (head := await reader.readuntil(b"\r\n\r\n")) and (
            answer := self.answers.pop(0) if self.answers else self.forever
        ):
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            self.requests += 1
            self.used[writer.get_extra_info("peername")] += 1
            writer.write(answer)
        writer.close()


async def test_another_status_is_an_error_that_says_what_the_edge_said():
    async with Answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 8\r\n\r\ntoo busy") as server:
        caller = Caller()
        await caller.connect(server.port)
        with pytest.raises(EdgeUnavailable, match="503 to the bench: too busy"):
            await caller.ask(post("/", b"{}"), CREATED)
        caller.close()


async def test_a_connection_that_breaks_is_an_error_not_a_wait():
    async with Answering() as server:
        caller = Caller()
        await caller.connect(server.port)
        with pytest.raises(EdgeUnavailable, match="closed a connection"):
            await caller.ask(post("/", b"{}"), CREATED)


async def test_at_a_rate_what_is_due_is_sent_and_no_more():
    async with Answering(forever=ANSWER) as server:
        asked = Requests(server.port, tasks=5, seconds=0.4, connections=3, pipeline=1, rate=250)
        came = await Load(asked).run()
    assert came.tasks == server.requests * 5
    # 20 are due, less what a busy machine was late for.
    assert 1 <= server.requests <= 21


async def test_at_a_rate_connections_take_turns_for_an_edge_closes_those_that_nobody_uses():
    async with Answering(forever=ANSWER) as server:
        await Load(Requests(server.port, tasks=5, seconds=0.6, connections=3, pipeline=1, rate=250)).run()
    assert server.requests >= 6
    assert len(server.used) == 3
    assert max(server.used.values()) - min(server.used.values()) <= 1


async def test_a_connection_that_was_closed_meanwhile_is_an_error_not_a_wait():
    async with Answering() as server:
        lost = asyncio.get_running_loop().create_future()
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(lambda *_: None, lost.set_result), "127.0.0.1", server.port
        )
        connection.close()
        connection.send(post("/", b"{}"))
        assert "had not used" in str(await lost)


async def test_every_answer_is_waited_for_when_the_time_is_up():
    async with Answering(forever=ANSWER) as server:
        came = await Load(Requests(server.port, tasks=1, seconds=0.2, connections=4, pipeline=3)).run()
    assert came.tasks == server.requests >= 12
    assert 0 < came.p50_ms <= came.p99_ms


async def test_a_refusal_ends_the_load():
    refusal = b"HTTP/1.1 422 No\r\ncontent-length: 2\r\n\r\nno"
    async with Answering(ANSWER, refusal, forever=ANSWER) as server:
        with pytest.raises(EdgeUnavailable, match="422"):
            await Load(Requests(server.port, tasks=1, seconds=30, connections=2, pipeline=1)).run()
