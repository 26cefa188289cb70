"""Results and errors, as they are reported."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from cluster.core.errors import BadArguments, TaskFailed
from cluster.core.limits import REPORT_BYTES
from cluster.core.outcome import Failed, Succeeded
from cluster.worker import reports


def result(value: Any) -> bytes:
    outcome = reports.returned(value)
    assert isinstance(outcome, Succeeded)
    assert outcome.result is not None
    return outcome.result


def test_a_result_is_json_and_none_is_nothing() -> None:
    assert result({"a": [1, None, "ö"]}) == '{"a":[1,null,"ö"]}'.encode()
    assert reports.returned(None) == Succeeded(None)


NOT_JSON = {"object": object(), "complex key": {1j: 2}, "half a surrogate": "\ud800", "function": len}


@pytest.mark.parametrize("value", NOT_JSON.values(), ids=NOT_JSON)
def test_what_json_cannot_say_is_a_permanent_failure(value: Any) -> None:
    outcome = reports.returned(value)
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("the result cannot be told as JSON: ")
    assert outcome.permanent


def test_a_result_that_contains_itself_is_a_failure() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert isinstance(reports.returned(endless), Failed)


@given(some.text(min_size=REPORT_BYTES // 6, max_size=REPORT_BYTES // 3), some.integers(1, 9))
def test_a_cut_result_is_valid_json_and_says_that_it_was_cut(text: str, times: int) -> None:
    whole = msgspec.json.encode(text * times)
    told = result(text * times)
    assert len(told) <= REPORT_BYTES
    if len(whole.replace(b"\\u0000", b"\\ufffd")) > REPORT_BYTES:
        cut = json.loads(told)
        assert (cut["truncated"], cut["bytes"]) == (True, len(whole))
        assert cut["beginning"]


def test_control_characters_do_not_make_a_cut_result_too_long() -> None:
    assert len(result("\x01" * 100_000)) <= REPORT_BYTES
    assert len(result('"\\' * 100_000)) <= REPORT_BYTES


@given(some.text())
def test_a_nul_in_a_result_is_replaced_and_nothing_else(text: str) -> None:
    assert json.loads(result([text, text + "\0", "\\u0000", "\\" + "\0"])) == [
        text.replace("\0", "\ufffd"),
        text.replace("\0", "\ufffd") + "\ufffd",
        "\\u0000",
        "\\\ufffd",
    ]


def test_an_error_is_its_traceback_without_our_own_frames() -> None:
    def deep() -> None:
        raise ValueError("so \0 it is")

    try:
        deep()
    except ValueError as error:
        failed = reports.raised(error)
    assert failed.error.startswith("Traceback (most recent call last):")
    assert failed.error.endswith("ValueError: so \ufffd it is")
    assert "in deep" in failed.error
    assert "test_an_error_is_its_traceback" not in failed.error
    assert not failed.permanent


def test_an_error_that_explains_itself_needs_no_traceback() -> None:
    assert reports.raised(TaskFailed("ls ended with exit code 2")) == Failed("ls ended with exit code 2")
    assert reports.raised(BadArguments("argument 'a' is missing")) == Failed("argument 'a' is missing", permanent=True)


@given(some.text(some.characters(codec=None), min_size=1), some.integers(1, 30_000))
def test_an_error_is_cut_in_the_middle_and_can_always_be_sent(text: str, times: int) -> None:
    told = reports.printable("first " + text * times + " last")
    encoded = told.encode()
    assert len(encoded) <= REPORT_BYTES
    assert "\0" not in told
    assert told.startswith("first ")
    assert told.endswith(" last")


def test_an_exception_that_cannot_be_printed_is_still_reported() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "Broken: <exception str() failed>" in reports.raised(Broken()).error


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "result is nan"),
        ([1.0, float("inf")], "result[1] is inf"),
        ({"a": {"b": (None, -float("inf"))}}, "result['a']['b'][1] is -inf"),
    ],
)
def test_a_number_that_json_has_no_word_for_is_a_failure_and_not_null(value: Any, said: str) -> None:
    assert reports.returned(value) == Failed(
        f"the result cannot be told as JSON: {said}, which JSON has no word for", permanent=True
    )


def test_none_and_the_word_null_in_a_result_are_fine() -> None:
    assert result({"a": None, "b": ["null", 1.5]}) == b'{"a":null,"b":["null",1.5]}'
