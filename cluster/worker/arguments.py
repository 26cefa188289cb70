"""A payload becomes keyword arguments: checked against the signature, by a decoder built once for each task."""

import re
import typing
from typing import Any

import msgspec

from cluster.core.errors import BadArguments, InvalidHandler
from cluster.worker.registry import Handler

_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"contains unknown field `([^`]+)`")
_PLACE = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")

_NOTHING = frozenset({b"", b"{}"})


class Arguments:
    """The parameters of one function. Types are strict: "1" is not an int. `empty`: the payloads that
    give none and need not be decoded, if there may be none. State: decoders, made once.
    """

    def __init__(self, handler: Handler) -> None:
        """Raises InvalidHandler when an annotation cannot be resolved or used."""
        parameters = handler.parameters
        named = [one for one in parameters if one.kind is not one.VAR_KEYWORD]
        self._open = len(named) < len(parameters)
        self._names = frozenset(one.name for one in named)
        self.empty = _NOTHING if all(one.default is not one.empty for one in named) else frozenset[bytes]()
        try:
            hints = typing.get_type_hints(handler.function, include_extras=True)
            fields = [_field(one.name, hints.get(one.name, Any), one.default is one.empty) for one in named]
            shape = msgspec.defstruct("Arguments", fields, forbid_unknown_fields=not self._open)
            self._decoder = msgspec.json.Decoder(shape)
        except (NameError, TypeError, ValueError) as error:
            raise InvalidHandler(f"task {handler.command!r}: its annotations cannot be used: {error}") from error
        self._all = msgspec.json.Decoder(dict[str, Any])

    def decode(self, payload: bytes) -> dict[str, Any]:
        """Keyword arguments for the function. Raises BadArguments, whose message names the argument."""
        if payload in self.empty:
            return {}
        try:
            known = self._decoder.decode(payload or b"{}")
        except msgspec.ValidationError as error:
            raise BadArguments(_explain(str(error))) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadArguments(f"the payload is not a JSON object: {error}") from None
        arguments = {name: value for name, value in msgspec.structs.asdict(known).items() if value is not msgspec.UNSET}
        if self._open:
            rest = self._all.decode(payload or b"{}")
            arguments.update((name, value) for name, value in rest.items() if name not in self._names)
        return arguments


def _field(name: str, annotation: Any, required: bool) -> Any:
    # UNSET instead of the default: the function's own default applies, and a mutable one is never copied.
    return (name, annotation) if required else (name, annotation | msgspec.UnsetType, msgspec.UNSET)


def _explain(message: str) -> str:
    if missing := _MISSING.search(message):
        place = _PLACE.search(message)
        return f"argument {missing[1]!r} is missing" + (f" in {place[1]!r}" if place and place[1] else "")
    if unknown := _UNKNOWN.search(message):
        place = _PLACE.search(message)
        return f"argument {unknown[1]!r} is not expected" + (f" in {place[1]!r}" if place and place[1] else "")
    place = _PLACE.search(message)
    if place is None or not place[1]:
        return f"the payload must be a JSON object of arguments: {message}"
    return f"argument {place[1]!r}: {message[: place.start()]}"
