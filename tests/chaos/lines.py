"""TCP lines that can be cut, slowed and silenced: a port in front of whoever listens elsewhere.

A line looks like what it leads to: while nobody listens at its far end nobody listens here either, so that a refused
connection goes on meaning that a process is dead.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial: TypeAlias = Callable[[], Coroutine[Any, Any, Ends]]

LOOK = 0.05
"""Seconds between two looks whether somebody listens at the far end again."""


def to_port(port: int) -> Dial:
    """The far end is a TCP port of this machine."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: Path) -> Dial:
    """The far end is a unix socket."""
    return lambda: asyncio.open_unix_connection(str(path))


class Line:
    """`async with Line(name, port, dial)`. State: what is wrong with it, whether it listens, and its connections."""

    def __init__(self, name: str, port: int, dial: Dial) -> None:
        self.name, self.port = name, port
        self._dial = dial
        self._is_cut = False
        self._delay = 0.0
        self._audible = asyncio.Event()
        self._audible.set()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._absence: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Line {self.name} :{self.port} cut={self._is_cut} delay={self._delay} whole={self._audible.is_set()}>"

    async def __aenter__(self) -> "Line":
        self._absence = asyncio.create_task(self._mirror(), name=f"line {self.name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._absence is not None:
            self._absence.cancel()
            await asyncio.wait({self._absence})
        self._close()
        self._abort()

    def cut(self) -> None:
        """Break every connection; new ones break at once. Nobody is refused: the far end may well be alive."""
        self._is_cut = True
        self._abort()

    def slow(self, seconds: float) -> None:
        """Everything arrives so much later."""
        self._delay = seconds

    def silence(self) -> None:
        """Connections stay, and nothing arrives any more, until the line is mended: then all of it does."""
        self._audible.clear()

    def mend(self) -> None:
        self._is_cut, self._delay = False, 0.0
        self._audible.set()

    async def _mirror(self) -> None:
        """Listen exactly while the far end does."""
        while True:
            if self._server is None and await self._far_end_listens():
                # Somebody's outgoing connection may have got this very number: then at the next turn.
                with contextlib.suppress(OSError):
                    self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            await asyncio.sleep(LOOK)

    async def _far_end_listens(self) -> bool:
        try:
            async with asyncio.timeout(1.0):
                _, writer = await self._dial()
        except (OSError, TimeoutError):
            return False
        writer.transport.abort()
        return True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await self._dial()
        except OSError:
            self._close()
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            pumps = [asyncio.create_task(self._pump(*way)) for way in ((reader, far_writer), (far_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if pumps[1].done() and not self._is_cut and not await self._far_end_listens():
                # Before our end breaks: who redials must find what a dead process leaves.
                self._close()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._writers -= ends
            for end in ends:
                # What was written last shall still arrive.
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._audible.wait()
                writer.write(data)
                await writer.drain()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _abort(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()
