"""A payload becomes keyword arguments, or an error that names the argument."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest

from cluster.core.errors import BadArguments
from cluster.worker.arguments import Arguments
from cluster.worker.registry import Handler


class Size(msgspec.Struct, forbid_unknown_fields=True):
    width: int
    height: int = 1


async def thumbnail(
    path: str,
    size: int = 128,
    *,
    ratio: float | None = None,
    tags: list[str] = ["a"],  # noqa: B006 - a mutable default is what is tested
    mode: Literal["fit", "fill"] = "fit",
    when: datetime | None = None,
    box: Size | None = None,
    whatever: Any = None,
    positive: Annotated[int, msgspec.Meta(ge=1)] = 1,
) -> None: ...


async def anything(first: int = 1, **rest: Any) -> None: ...


async def unannotated(a, b=2) -> None: ...  # type: ignore[no-untyped-def]


def decode(function: Any, payload: bytes) -> dict[str, Any]:
    return Arguments(Handler("t", function)).decode(payload)


def test_only_what_was_given_is_passed_so_that_defaults_are_the_functions_own() -> None:
    assert decode(thumbnail, b'{"path": "a"}') == {"path": "a"}
    assert decode(thumbnail, b'{"path": "a", "ratio": null, "whatever": null}') == {
        "path": "a",
        "ratio": None,
        "whatever": None,
    }


def test_values_become_what_the_annotations_say() -> None:
    given = decode(thumbnail, b'{"path": "a", "when": "2030-01-01T00:00:00Z", "box": {"width": 3}, "ratio": 2}')
    assert given["when"].year == 2030
    assert given["box"] == Size(3)
    assert given["ratio"] == 2.0


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"{}", "argument 'path' is missing"),
        (b"", "argument 'path' is missing"),
        (b'{"path": "a", "colour": 1}', "argument 'colour' is not expected"),
        (b'{"path": 7}', "argument 'path': Expected `str`, got `int`"),
        (b'{"path": "a", "size": "128"}', "argument 'size': Expected `int`, got `str`"),
        (b'{"path": "a", "size": 1.5}', "argument 'size': Expected `int`, got `float`"),
        (b'{"path": "a", "size": true}', "argument 'size': Expected `int`, got `bool`"),
        (b'{"path": "a", "tags": ["x", 1]}', "argument 'tags[1]': Expected `str`, got `int`"),
        (b'{"path": "a", "mode": "stretch"}', "argument 'mode': Invalid enum value 'stretch'"),
        (b'{"path": "a", "box": {}}', "argument 'width' is missing in 'box'"),
        (b'{"path": "a", "positive": 0}', "argument 'positive': Expected `int` >= 1"),
        (b"[1]", "the payload must be a JSON object of arguments: Expected `object`, got `array`"),
        (b"{", "the payload is not a JSON object: Input data was truncated"),
        (b'{"path": "\xff"}', "the payload is not a JSON object: "),
    ],
)
def test_what_does_not_fit_is_named(payload: bytes, said: str) -> None:
    with pytest.raises(BadArguments) as caught:
        decode(thumbnail, payload)
    assert caught.value.detail.startswith(said)


def test_an_open_signature_takes_the_rest() -> None:
    assert decode(anything, b'{"first": 3, "x": [1], "y": null}') == {"first": 3, "x": [1], "y": None}
    assert decode(anything, b'{"x": 1}') == {"x": 1}
    with pytest.raises(BadArguments, match="argument 'first': Expected `int`, got `str`"):
        decode(anything, b'{"first": "3"}')


def test_parameters_without_annotations_take_anything() -> None:
    assert decode(unannotated, b'{"a": {"deep": [1]}}') == {"a": {"deep": [1]}}
    with pytest.raises(BadArguments, match="argument 'a' is missing"):
        decode(unannotated, b"{}")
