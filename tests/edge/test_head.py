"""The head of a request is bounded, and nothing else of HTTP is different for it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from cluster.core.limits import BODY_BYTES
from cluster.edge.head import HEAD_BYTES

GET = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n"
POST = b"POST /api/schedule HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
FILLER = b"x-filler: " + b"y" * 1000 + b"\r\n"


@asynccontextmanager
async def connected(edge):
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader):
    """The status and the body of the next answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    fields = dict(line.lower().split(": ", 1) for line in head.decode().splitlines()[1:-1])
    return int(head.split()[1]), await reader.readexactly(int(fields["content-length"]))


async def refused(reader):
    status, body = await answer(reader)
    assert status == 431
    assert json.loads(body)["detail"].startswith("the head of the request is larger than 64 KiB")
    assert await asyncio.wait_for(reader.read(), 10) == b""


@pytest.mark.parametrize(
    "head",
    [
        GET + FILLER * 66 + b"\r\n",
        GET + FILLER * 200 + b"\r\n",
        GET + b"x-filler: " + b"y" * HEAD_BYTES + b"\r\n\r\n",
        GET + b"a: b\r\n" * 12_000 + b"\r\n",
        GET + b"x" * 2 * HEAD_BYTES,
        b"GET /" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
    ids=["many", "too many", "one", "short", "endless", "path"],
)
@pytest.mark.parametrize("piece", [1_000, 10**9], ids=["in pieces", "at once"])
async def test_a_head_above_the_bound_is_431_and_the_connection_is_closed(edge, head, piece):
    async with connected(edge) as (reader, writer):
        for start in range(0, len(head), piece):
            writer.write(head[start : start + piece])
            await writer.drain()
        await refused(reader)


async def test_who_goes_on_sending_is_answered_and_what_he_sends_is_not_kept(edge):
    async with connected(edge) as (reader, writer):
        writer.write(GET + FILLER * 20_000)
        await refused(reader)


async def test_trailers_of_a_body_are_as_bounded(edge):
    async with connected(edge) as (reader, writer):
        writer.write(POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            for _ in range(1_000):
                writer.write(FILLER)
                await writer.drain()
                await asyncio.sleep(0)
            await answer(reader)


async def test_a_large_head_below_the_bound_is_answered(edge):
    async with connected(edge) as (reader, writer):
        for _ in range(3):
            writer.write(GET + FILLER * 60 + b"\r\n")
            assert (await answer(reader))[0] == 200


async def test_requests_that_follow_at_once_are_all_answered(edge):
    async with connected(edge) as (reader, writer):
        writer.write((GET + FILLER * 20 + b"\r\n") * 100)
        assert [(await answer(reader))[0] for _ in range(100)] == [200] * 100


@pytest.mark.parametrize("chunked", [False, True])
async def test_large_bodies_and_what_follows_them_are_answered(edge, chunked):
    text = json.dumps({"command": "noop", "payload": {"a": "x" * 200_000}}).encode()
    if chunked:
        body = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(text), text)
    else:
        body = b"content-length: %d\r\n\r\n%b" % (len(text), text)
    async with connected(edge) as (reader, writer):
        writer.write((POST + body) * 3 + GET + b"\r\n")
        assert [(await answer(reader))[0] for _ in range(4)] == [201, 201, 201, 200]
        writer.write(POST + b"content-length: %d\r\n\r\n" % (2 * BODY_BYTES) + b" " * 2 * BODY_BYTES)
        assert (await answer(reader))[0] == 413


async def test_what_is_no_http_is_400_as_ever(edge):
    async with connected(edge) as (reader, writer):
        writer.write(b"no such thing\r\n\r\n")
        assert (await answer(reader))[0] == 400
