"""What `key=value` on a command line means: one payload, or a template for one payload per line of input."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import msgspec
import typer

from cluster.core.errors import InvalidTask

HOLE = "{}"


@dataclass(frozen=True, slots=True)
class Field:
    """`key=text`, or `key:=text` (`strict`: the text must be JSON)."""

    key: str
    text: str
    strict: bool

    def value(self, line: str | None) -> Any:
        """What the field says, with `line` in its holes.

        A text that took a line stays text, whatever it looks like: a file named 2024 is not a number.
        """
        filled = line is not None and HOLE in self.text
        text = self.text.replace(HOLE, line) if line is not None else self.text
        if filled and not self.strict:
            return text
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            if self.strict:
                raise InvalidTask(f"{self.key}:= takes JSON, and {text!r} is not: {error}") from None
            return text


@dataclass(frozen=True, slots=True)
class Template:
    """A payload to be: the object of --payload with the fields on top."""

    whole: dict[str, Any]
    fields: tuple[Field, ...]

    @property
    def has_hole(self) -> bool:
        return any(HOLE in field.text for field in self.fields) or _has_hole(self.whole)

    def payload(self, line: str | None = None) -> dict[str, Any]:
        """The keyword arguments of one task; `line` goes into every `{}`. Raises InvalidTask."""
        whole = self.whole if line is None else _filled(self.whole, line)
        return {**whole, **{field.key: field.value(line) for field in self.fields}}


def template(values: Sequence[str], whole: str | None, stdin: TextIO) -> Template:
    """From the arguments `key=value …` and the option --payload. Raises BadParameter, naming the argument."""
    fields = tuple(map(_field, values))
    keys = [field.key for field in fields]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise typer.BadParameter(f"{min(twice)} is given more than once")
    return Template(_object(whole, stdin) if whole is not None else {}, fields)


def _field(argument: str) -> Field:
    key, equals, text = argument.partition("=")
    strict = key.endswith(":")
    key = key.removesuffix(":")
    if not equals or not key:
        raise typer.BadParameter(f"{argument!r} is not key=value")
    return Field(key, text, strict)


def _object(text: str, stdin: TextIO) -> dict[str, Any]:
    try:
        content = stdin.read() if text == "-" else Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
        return msgspec.json.decode(content, type=dict[str, Any])
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"--payload takes a JSON object, @FILE or -: {error}") from None


def _has_hole(value: Any) -> bool:
    match value:
        case str():
            return HOLE in value
        case list():
            return any(map(_has_hole, value))
        case dict():
            return any(map(_has_hole, value.values()))
    return False


def _filled(value: Any, line: str) -> Any:
    match value:
        case str():
            return value.replace(HOLE, line)
        case list():
            return [_filled(item, line) for item in value]
        case dict():
            return {key: _filled(item, line) for key, item in value.items()}
    return value
