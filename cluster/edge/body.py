"""Bytes of a request become a validated value, or a refusal that says what to change."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw, Struct
from starlette.requests import ClientDisconnect

from cluster.core import limits
from cluster.edge.answer import Receive, Scope
from cluster.edge.problems import Refused

T = TypeVar("T")

_TOO_LARGE = f"the body is larger than {limits.BODY_BYTES // 1024} KiB; send fewer tasks at once or smaller payloads"
_DRAINED_BYTES = 16 * limits.BODY_BYTES
_CLOSE = {"connection": "close"}


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a header; `name` in lower case."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, at most 1 MiB: the limit is kept while reading, whatever Content-Length says.

    Raises Refused: 415 unless it is JSON, 413 when it is too large.
    """
    media_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        # Also what keeps a foreign page's form from posting here: a browser asks before it sends this type elsewhere.
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON with the header Content-Type: application/json")
    announced = header(scope, b"content-length")
    if announced is not None and announced.isdecimal() and int(announced[:20]) > limits.BODY_BYTES:
        await _drain(receive, 0)
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, _CLOSE)
    chunks: list[bytes] = []
    size = 0
    async for chunk in _chunks(receive):
        size += len(chunk)
        if size > limits.BODY_BYTES:
            await _drain(receive, size)
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, _CLOSE)
        chunks.append(chunk)
    return b"".join(chunks)


def decoded(read: Callable[[bytes], T], body: bytes) -> T:
    """What `read` makes of the body. Raises Refused: 400 for what is not JSON, 422 for what is not what we want."""
    try:
        return read(body)
    except msgspec.ValidationError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, _advice(str(error))) from None
    except RecursionError:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is nested too deep to be read") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is not valid JSON in UTF-8: {error}") from None


@cache
def reader(kinds: tuple[type[Struct], ...]) -> Callable[[bytes], Struct]:
    """Reads a body as the one of `kinds` whose first required field it has; the last one if it has none of them."""
    if len(kinds) == 1:
        return msgspec.json.Decoder(kinds[0]).decode
    decoders = [(kind.__struct_fields__[0], msgspec.json.Decoder(kind).decode) for kind in kinds]
    outline = msgspec.json.Decoder(dict[str, Raw])

    def read(body: bytes) -> Struct:
        present = outline.decode(body)
        decode = next((decode for name, decode in decoders if name in present), decoders[-1][1])
        return decode(body)

    return read


def parameters(kind: type[T], query: bytes, path: Mapping[str, str]) -> T:
    """Query and path parameters as one value. Raises Refused 422: an unknown, doubled or wrong parameter."""
    values: dict[str, Any] = dict(path)
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in values:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"give the parameter {name[:100]!r} once")
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, _advice(str(error))) from None


def _advice(message: str) -> str:
    """msgspec's message in the words of our users: the field first, then what it takes."""
    what, _, where = message.partition(" - at `$")
    place = where.rstrip("`").lstrip(".")
    return f"{place}: {what}" if place else what


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _drain(receive: Receive, size: int) -> None:
    """Read on for a while: who is still sending would see a broken connection instead of our answer."""
    async for chunk in _chunks(receive):
        size += len(chunk)
        if size > _DRAINED_BYTES:
            return
