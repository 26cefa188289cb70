"""Bytes of a request become a validated value, or a refusal that says what to change."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw, Struct
from starlette.requests import ClientDisconnect

from cluster.core import limits
from cluster.edge.advice import advice, broken
from cluster.edge.answer import Receive, Scope
from cluster.edge.payloads import Nothing
from cluster.edge.problems import Refused

S = TypeVar("S", bound=Struct)

_TOO_LARGE = f"the body is larger than {limits.BODY_BYTES // 1024} KiB; send fewer tasks at once or smaller payloads"
_DRAINED_BYTES = 16 * limits.BODY_BYTES
_CLOSE = {"connection": "close"}
_outline = msgspec.json.Decoder(dict[str, Raw]).decode


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a header; `name` in lower case."""
    # A loop, for a generator costs three times as much, and each request asks for four of them.
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, at most 1 MiB: the limit is kept while reading, whatever Content-Length says.

    Raises Refused: 415 unless it is JSON, 413 when it is too large.
    """
    _check_type(scope)
    return await _limited(scope, receive)


async def refuse_body(scope: Scope, receive: Receive) -> None:
    """For a POST that says everything in its path: nothing, or an empty JSON object. Raises Refused."""
    body = await _limited(scope, receive)
    if body or header(scope, b"content-type") is not None:
        _check_type(scope)
    if body.strip():
        BodyReader((Nothing,)).read(body)


class BodyReader:
    """Reads a body as the one of `kinds` whose first field it has; as the last one if it has none of these fields.

    State: a decoder for each.
    """

    def __init__(self, kinds: tuple[type[Struct], ...]) -> None:
        self._kinds = kinds
        self._decode = {kind: msgspec.json.Decoder(kind).decode for kind in kinds}

    def read(self, body: bytes) -> Struct:
        """Raises Refused: 400 for what is not JSON, 422 for what is not what we want."""
        kind = self._kinds[-1]
        try:
            kind = self._kind_of(body)
            return self._decode[kind](body)
        except msgspec.ValidationError as error:
            others = [other for other in self._kinds if other is not kind]
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, advice(str(error), kind, others)) from None
        except RecursionError:
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is nested too deep to be read") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            detail = f"the body is not valid JSON in UTF-8: {broken(error, body)}"
            raise Refused(HTTPStatus.BAD_REQUEST, detail) from None

    def _kind_of(self, body: bytes) -> type[Struct]:
        if len(self._kinds) == 1:
            return self._kinds[0]
        present = _outline(body)
        return next((kind for kind in self._kinds if kind.__struct_fields__[0] in present), self._kinds[-1])


def parameters(kind: type[S], query: bytes, path: Mapping[str, str]) -> S:
    """Query and path parameters as one value. Raises Refused 422: an unknown, doubled or wrong parameter."""
    values: dict[str, Any] = dict(path)
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in values:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"give the parameter {name[:100]!r} once")
        values[name] = value
    # The `$` of a pattern lets one pass.
    if broken := [name for name, value in values.items() if value.endswith("\n")]:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"{broken[0][:100]}: must not end with a line break")
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, advice(str(error), kind)) from None


def _check_type(scope: Scope) -> None:
    media_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        # Also what keeps a foreign page's form from posting here: a browser asks before it sends this type elsewhere.
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON with the header Content-Type: application/json")


async def _limited(scope: Scope, receive: Receive) -> bytes:
    announced = header(scope, b"content-length")
    if announced is not None and announced.isdecimal() and int(announced[:20]) > limits.BODY_BYTES:
        await _drain(receive, 0)
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, _CLOSE)
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= limits.BODY_BYTES:
        chunk, more = await _chunk(receive)
        size += len(chunk)
        chunks.append(chunk)
    if size > limits.BODY_BYTES:
        if more:
            await _drain(receive, size)
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, _CLOSE)
    return b"".join(chunks)


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    """The next bytes of the body, and whether more follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


async def _drain(receive: Receive, size: int) -> None:
    """Read on for a while: who is still sending would see a broken connection instead of our answer."""
    more = True
    while more and size <= _DRAINED_BYTES:
        chunk, more = await _chunk(receive)
        size += len(chunk)
