"""What a command takes: the JSON Schema that a worker told becomes a list of parameters."""

from typing import Any

import msgspec
from msgspec import Raw

from cluster.edge.overview import CommandView, ParameterView
from cluster.store.commands import Offered

_encode = msgspec.json.Encoder().encode


class _Told(msgspec.Struct):
    """A schema as our workers make it. `definitions`: what its parts refer to."""

    properties: dict[str, Any] = {}
    required: list[str] = []
    additional: Any = msgspec.field(default=True, name="additionalProperties")
    definitions: dict[str, Any] = msgspec.field(default={}, name="$defs")


_read = msgspec.json.Decoder(_Told).decode


def command_view(offered: Offered) -> CommandView:
    """A worker in another language may say what it likes: what is no schema of an object says nothing."""
    told = _told(offered.parameters)
    return CommandView(
        command=offered.command,
        description=offered.description,
        workers=offered.workers,
        timeout_seconds=None if offered.timeout_ms is None else offered.timeout_ms / 1000,
        max_attempts=offered.max_attempts,
        parameters=None if told is None else [_parameter(told, name) for name in told.properties],
        open=told is None or told.additional is not False,
    )


def _told(parameters: bytes | None) -> _Told | None:
    if parameters is None:
        return None
    try:
        return _read(parameters)
    except msgspec.ValidationError:
        return None


def _parameter(told: _Told, name: str) -> ParameterView:
    schema = told.properties[name]
    if not isinstance(schema, dict):
        schema = {}
    kind = schema.get("type")
    default = schema.get("default", msgspec.UNSET)
    if told.definitions:
        schema = {**schema, "$defs": told.definitions}
    return ParameterView(
        name=name,
        required=name in told.required,
        type=kind if isinstance(kind, str) else None,
        default=Raw(b"null") if default is msgspec.UNSET else Raw(_encode(default)),
        schema=Raw(_encode(schema)),
    )
