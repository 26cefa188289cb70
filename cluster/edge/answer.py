"""What a handler returns: a status, the bytes of the body, and how they are sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """One complete answer. `headers`: lower-case names, beside content-type and content-length."""

    status: HTTPStatus
    body: bytes
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    async def send(self, send: Send) -> None:
        headers = [
            (b"content-type", self.media_type.encode("latin-1")),
            (b"content-length", b"%d" % len(self.body)),
            # Nobody may take JSON or text of ours for a page or a script.
            (b"x-content-type-options", b"nosniff"),
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers),
        ]
        await send({"type": "http.response.start", "status": self.status.value, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def told(value: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """`value` (a Struct, or a list of them) as JSON."""
    return Answer(status, _encode(value))
