"""What this worker tells of its commands when it registers: their policies, and for people and forms what they take."""

import inspect
import typing
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cluster.core.limits import DESCRIPTION_CHARACTERS, SCHEMA_BYTES
from cluster.core.retry import Backoff
from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.registry import Handler

ALL_SCHEMAS_BYTES = 1024 * 1024
"""Of all commands together: a message has an end. Those that come later are not described then."""


def offers(handlers: Iterable[Handler]) -> Iterator[pb.Handler]:
    """In their order."""
    room = ALL_SCHEMAS_BYTES
    for handler in handlers:
        schema = parameters(handler)
        schema = schema if len(schema) <= min(room, SCHEMA_BYTES) else b""
        room -= len(schema)
        yield _offer(handler, schema)


def policy_alone(offer: pb.Handler) -> pb.Handler:
    """What a coordinator has to know of it again and again."""
    brief = pb.Handler()
    brief.CopyFrom(offer)
    brief.ClearField("description")
    brief.ClearField("parameters")
    return brief


def parameters(handler: Handler) -> bytes:
    """A JSON Schema of the payload, from the signature: what it does not say, anything may be."""
    named = [one for one in handler.parameters if one.kind is not one.VAR_KEYWORD]
    hints = typing.get_type_hints(handler.function, include_extras=True)
    schemas: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for one in named:
        schema, needed = _schema(hints.get(one.name, Any))
        definitions |= needed
        schemas[one.name] = schema if one.default is one.empty else {**schema, **_default(one.default)}
    told = {
        "type": "object",
        "properties": schemas,
        "required": [one.name for one in named if one.default is one.empty],
        "additionalProperties": len(named) < len(handler.parameters),
    }
    return msgspec.json.encode(told | ({"$defs": definitions} if definitions else {}))


def description(handler: Handler) -> str:
    """The first paragraph of its docstring, on one line."""
    text = inspect.getdoc(handler.function) or ""
    return " ".join(text.partition("\n\n")[0].split())[:DESCRIPTION_CHARACTERS]


def _offer(handler: Handler, schema: bytes) -> pb.Handler:
    return pb.Handler(
        command=handler.command,
        timeout_seconds=handler.timeout or 0.0,
        max_attempts=handler.max_attempts or 0,
        backoff=None if handler.backoff is None else _backoff(handler.backoff),
        description=description(handler),
        parameters=schema,
    )


def _backoff(backoff: Backoff) -> pb.Backoff:
    return pb.Backoff(
        first_seconds=backoff.first, factor=backoff.factor, cap_seconds=backoff.cap, jitter=backoff.jitter
    )


def _schema(hint: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of one annotation, and of what it refers to."""
    try:
        [schema], definitions = msgspec.json.schema_components([hint], ref_template="#/$defs/{name}")
    except TypeError:
        # A type that msgspec takes as it is: no schema speaks of it.
        return {}, {}
    return schema, definitions


def _default(default: object) -> dict[str, Any]:
    try:
        return {"default": msgspec.to_builtins(default, str_keys=True)}
    except (TypeError, ValueError):
        return {}
