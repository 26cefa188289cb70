"""The lines of --each."""

import io

import pytest
import typer

from cluster.cli.each import lines, opened
from cluster.core.errors import InvalidTask


def read(content, end=b"\n"):
    return list(lines(io.BytesIO(content), end=end))


@pytest.mark.parametrize("content", [b"a\nb\n", b"a\nb", b"a\r\nb\r\n", b"\na\n\n\nb\n"])
def test_lines_are_what_newlines_separate_and_empty_ones_are_left_out(content):
    assert read(content) == ["a", "b"]


def test_spaces_belong_to_the_line():
    assert read(b" a b \n") == [" a b "]


def test_separators_that_only_python_knows_do_not_end_a_line():
    assert read("a\u2028b\x85c\n".encode()) == ["a\u2028b\x85c"]


def test_with_nul_as_the_end_a_line_may_hold_newlines():
    assert read(b"a\nb\0c\r\0", end=b"\0") == ["a\nb", "c\r"]


def test_lines_longer_than_a_chunk_stay_whole():
    assert read(b"x" * 200_000 + b"\ny\n") == ["x" * 200_000, "y"]


def test_a_line_that_is_not_utf8_is_named():
    with pytest.raises(InvalidTask, match=r"line 2 .* not UTF-8: b'\\xff'"):
        read(b"a\n\xff\n")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(typer.BadParameter, match="not a file that can be read"), opened(str(path)):
            pass
