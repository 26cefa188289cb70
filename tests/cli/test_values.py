"""What key=value means."""

import io

import pytest
import typer

from cluster.cli.values import template
from cluster.core.errors import InvalidTask


def payload(*values, whole=None, line=None, stdin=""):
    return template(values, whole, io.StringIO(stdin)).payload(line)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("a=128", 128),
        ("a=-1.5", -1.5),
        ("a=true", True),
        ("a=null", None),
        ('a=["x",1]', ["x", 1]),
        ('a={"b":2}', {"b": 2}),
        ('a="128"', "128"),
        ("a=hello", "hello"),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a=NaN", "NaN"),
        ("a=0123", "0123"),
        ("a=/srv/ä b.jpg", "/srv/ä b.jpg"),
        ("a={}", {}),
        ("a:=[1]", [1]),
        ("a=[bold]x[/bold]", "[bold]x[/bold]"),
        ("a=2031-05-01", "2031-05-01"),
    ],
)
def test_a_value_is_json_if_it_reads_as_json_else_text(argument, value):
    assert payload(argument) == {"a": value}


def test_no_values_are_an_empty_object():
    assert payload() == {}


@pytest.mark.parametrize("argument", ["a", "=1", ":=1", ""])
def test_what_is_not_key_value_is_refused(argument):
    with pytest.raises(typer.BadParameter, match="key=value"):
        payload(argument)


def test_a_key_given_twice_is_refused():
    with pytest.raises(typer.BadParameter, match="size is given more than once"):
        payload("size=1", "size:=2")


def test_a_strict_value_must_be_json():
    with pytest.raises(InvalidTask, match="a:= takes JSON"):
        payload("a:=hello")


def test_a_line_takes_the_place_of_every_hole_and_stays_text():
    assert payload("path={}", "name=x-{}-{}", "size=1", line="2024") == {
        "path": "2024",
        "name": "x-2024-2024",
        "size": 1,
    }


def test_a_line_in_a_strict_value_is_json():
    assert payload("n:={}", 'all:=[{},"a"]', line="7") == {"n": 7, "all": [7, "a"]}


def test_braces_in_a_line_are_not_holes():
    assert payload("a={}", "b={}", line="{}") == {"a": "{}", "b": "{}"}


def test_a_line_fills_the_texts_of_the_whole_payload_too():
    whole = '{"paths": ["{}", "b"], "deep": {"x": "<{}>"}, "n": 1}'
    assert payload(whole=whole, line="q") == {"paths": ["q", "b"], "deep": {"x": "<q>"}, "n": 1}


def test_values_override_the_whole_payload():
    assert payload("a=2", whole='{"a": 1, "b": 1}') == {"a": 2, "b": 1}


def test_the_whole_payload_may_come_from_a_file_or_stdin(tmp_path):
    file = tmp_path / "payload.json"
    file.write_text('{"a": "ä"}', "utf-8")
    assert payload(whole=f"@{file}") == {"a": "ä"}
    assert payload(whole="-", stdin='{"a": 3}') == {"a": 3}


@pytest.mark.parametrize("whole", ["[1]", "{", "", "@/does/not/exist", "1"])
def test_a_whole_payload_that_is_no_object_is_refused(whole):
    with pytest.raises(typer.BadParameter, match="--payload takes a JSON object"):
        payload(whole=whole)


@pytest.mark.parametrize(
    ("values", "whole", "has"),
    [(["a={}"], None, True), (["a=1"], None, False), ([], '{"a": ["x{}"]}', True), ([], '{"{}": 1}', False)],
)
def test_a_template_knows_whether_a_line_has_a_place_in_it(values, whole, has):
    assert template(values, whole, io.StringIO()).has_hole is has
