"""HTTP as cheap as Python can speak it: prepared requests on kept connections, answers cut out of the bytes.

A general client would spend more on a request than the edge does, on the same cores.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from cluster.core.errors import EdgeUnavailable

CREATED = 201
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"

Answered = Callable[["Connection", int, bytes], None]
"""Called with each answer: its status and its body."""


def post(path: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + _END + body


def get(path: str) -> bytes:
    """The bytes of a request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1".encode() + _END


class Connection(asyncio.Protocol):
    """One kept connection. State: its transport, what of an answer has come, and how many answers are still to come."""

    def __init__(self, answered: Answered, lost: Callable[[EdgeUnavailable], None]) -> None:
        self._answered = answered
        self._lost = lost
        self._transport: asyncio.WriteTransport | None = None
        self._come = b""
        self.expected = 0

    def __repr__(self) -> str:
        return f"<Connection expected={self.expected}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no instances of it.
        self._transport = cast("asyncio.WriteTransport", transport)

    def send(self, request: bytes) -> None:
        """Send a request behind those that are not answered yet."""
        assert self._transport is not None, "connect first"
        if self._transport.is_closing():
            self._lost(EdgeUnavailable("the edge closed a connection that the bench had not used for a while"))
            return
        self.expected += 1
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._come += data
        while (head := self._come.find(_END)) >= 0:
            end = head + len(_END) + _length(self._come[:head].lower())
            if len(self._come) < end:
                return
            status, body = int(self._come[9:12]), self._come[head + len(_END) : end]
            self._come = self._come[end:]
            self.expected -= 1
            self._answered(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.expected:
            self._lost(EdgeUnavailable(f"the edge closed a connection of the bench: {exc or 'without a reason'}"))

    def close(self) -> None:
        if self._transport is not None:
            self.expected = 0
            self._transport.close()


def _length(head: bytes) -> int:
    place = head.find(_LENGTH)
    return int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0


class Caller:
    """One request after the other. State: its connection and the answer that is waited for."""

    def __init__(self) -> None:
        self._connection = Connection(self._on_answer, self._on_loss)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def __repr__(self) -> str:
        return f"<Caller {self._connection}>"

    async def connect(self, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self._connection, "127.0.0.1", port)

    async def ask(self, request: bytes, expected: int) -> bytes:
        """The body of the answer. Raises EdgeUnavailable when the connection breaks or the status is another."""
        self._answer = asyncio.get_running_loop().create_future()
        self._connection.send(request)
        status, body = await self._answer
        if status != expected:
            raise EdgeUnavailable(f"the edge answered {status} to the bench: {body.decode(errors='replace')[:500]}")
        return body

    def close(self) -> None:
        self._connection.close()

    def _on_answer(self, _: Connection, status: int, body: bytes) -> None:
        if self._answer is not None:
            self._answer.set_result((status, body))

    def _on_loss(self, error: EdgeUnavailable) -> None:
        if self._answer is not None:
            self._answer.set_exception(error)
