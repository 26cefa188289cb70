"""What a worker tells of its commands: policies always, and what they take when it registers."""

import json
from typing import Annotated, Literal

import msgspec
import pytest

from cluster import Context
from cluster.core.limits import DESCRIPTION_CHARACTERS
from cluster.worker import offers
from cluster.worker.registry import Handler


class Box(msgspec.Struct):
    """Where to cut."""

    x: int
    y: int = 0


async def thumbnail(
    ctx: Context,
    path: str,
    size: Annotated[int, msgspec.Meta(ge=1, le=512)] = 128,
    kind: Literal["png", "jpeg"] = "png",
    box: Box | None = None,
    *,
    tags: list[str] = [],  # noqa: B006 - a default that JSON can say
) -> None:
    """Make a small picture
    of a large one.

    Nobody reads this.
    """


NO_JSON = object()


def anything(a, b=NO_JSON, **more): ...


async def nothing() -> None: ...


class Opaque: ...


async def opaque(what: Opaque) -> None: ...


def schema(function: object) -> dict:
    return json.loads(offers.parameters(Handler("one", function)))


def test_parameters_are_those_of_the_signature_without_the_context() -> None:
    told = schema(thumbnail)
    assert list(told["properties"]) == ["path", "size", "kind", "box", "tags"]
    assert (told["required"], told["additionalProperties"]) == (["path"], False)
    assert told["properties"]["path"] == {"type": "string"}
    assert told["properties"]["size"] == {"type": "integer", "minimum": 1, "maximum": 512, "default": 128}
    assert told["properties"]["kind"]["enum"] == ["jpeg", "png"]
    assert told["properties"]["tags"]["default"] == []
    assert told["$defs"]["Box"]["required"] == ["x"]


def test_what_a_signature_does_not_say_may_be_anything() -> None:
    told = schema(anything)
    assert told["properties"] == {"a": {}, "b": {}}
    assert (told["required"], told["additionalProperties"]) == (["a"], True)
    assert schema(opaque)["properties"] == {"what": {}}


def test_a_task_without_parameters_takes_an_empty_object() -> None:
    assert schema(nothing) == {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Makes one.\n\nMore.", "Makes one."),
        ("  Over\n  two lines. ", "Over two lines."),
        (None, ""),
        ("x" * 900, "x" * DESCRIPTION_CHARACTERS),
    ],
)
def test_a_description_is_the_first_paragraph_of_the_docstring(text: str | None, told: str) -> None:
    async def function() -> None: ...

    function.__doc__ = text
    assert offers.description(Handler("one", function)) == told


def test_schemas_that_are_too_much_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(offers.parameters(Handler("one", nothing)))
    monkeypatch.setattr(offers, "ALL_SCHEMAS_BYTES", 2 * size)
    told = list(offers.offers([Handler(name, nothing) for name in "abc"]))
    assert [bool(one.parameters) for one in told] == [True, True, False]
    monkeypatch.setattr(offers, "SCHEMA_BYTES", size - 1)
    assert [one.parameters for one in offers.offers([Handler("a", nothing)])] == [b""]


def test_a_policy_alone_keeps_what_a_coordinator_has_to_know() -> None:
    [told] = offers.offers([Handler("one", thumbnail, timeout=3, max_attempts=2)])
    assert (told.description, bool(told.parameters)) == ("Make a small picture of a large one.", True)
    brief = offers.policy_alone(told)
    assert (brief.command, brief.timeout_seconds, brief.max_attempts) == ("one", 3, 2)
    assert (brief.description, brief.parameters) == ("", b"")
