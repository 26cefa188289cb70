"""A line looks like what it leads to, until something is done to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.acceptance.processes import free_ports
from tests.chaos.lines import Line, to_port
from tests.fixtures.eventually import eventually


class Echo:
    """Says again what it hears. State: its server, and how many connections it ever had."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def die(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while data := await reader.read(100):
                writer.write(data)
        except ConnectionError:
            pass
        writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo(free_ports(1)[0])
    await echo.start()
    yield echo
    await echo.die()


@pytest.fixture
async def line(echo: Echo) -> AsyncIterator[Line]:
    async with Line("a to b", free_ports(1)[0], to_port(echo.port)) as line:
        await eventually(lambda: takes_connections(line))
        yield line


async def takes_connections(line: Line) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", line.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def of(cls, line: Line) -> "Caller":
        return cls(*await asyncio.open_connection("127.0.0.1", line.port))

    def say(self, word: bytes) -> None:
        self._writer.write(word)

    async def hear(self) -> bytes:
        """b"" when the connection is broken."""
        try:
            return await self._reader.read(100)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def caller(line: Line) -> AsyncIterator[Caller]:
    caller = await Caller.of(line)
    yield caller
    caller.close()


async def test_a_whole_line_carries_everything_both_ways(caller: Caller) -> None:
    caller.say(b"hello")
    assert await caller.hear() == b"hello"


async def test_a_cut_line_breaks_what_is_there_and_refuses_nobody(line: Line, caller: Caller) -> None:
    line.cut()
    assert await caller.hear() == b""
    other = await Caller.of(line)
    assert await other.hear() == b""
    other.close()

    line.mend()
    again = await Caller.of(line)
    again.say(b"back")
    assert await again.hear() == b"back"
    again.close()


async def test_a_silent_line_swallows_nothing_for_ever(line: Line, caller: Caller) -> None:
    line.silence()
    caller.say(b"are you there?")
    hearing = asyncio.create_task(caller.hear())
    done, _ = await asyncio.wait({hearing}, timeout=0.1)
    assert not done

    line.mend()
    assert await hearing == b"are you there?"


async def test_where_nobody_listens_the_line_does_not_either(line: Line, caller: Caller, echo: Echo) -> None:
    caller.say(b"x")
    await caller.hear()

    await echo.die()
    assert await caller.hear() == b""
    assert not await takes_connections(line), "a dead process looks alive"

    await echo.start()
    await eventually(lambda: takes_connections(line))
