"""What tasks and people wrote is shown as it is, and never obeyed."""

import pytest

from cluster.cli.console import cause, one_line, out, progress, table


def shown(capsys, *cells):
    out().print(table([f"column{number}" for number, _ in enumerate(cells)], [cells]))
    return capsys.readouterr().out.splitlines()[1].rstrip()


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "[/]", "[red", ":smile:", "\\[x]", "{}", "%s"])
def test_markup_in_a_cell_is_text(capsys, text):
    assert shown(capsys, text) == text


def test_control_characters_never_reach_the_terminal(capsys):
    assert shown(capsys, "\x1b[31mred\x07\x9b1m") == "�[31mred��1m"


def test_a_cell_is_one_line(capsys):
    assert shown(capsys, "a\n  b\r\n\tc") == "a b c"


def test_none_is_a_dash(capsys):
    assert shown(capsys, None, 0, "") == "-        0"


def test_a_pipe_gets_whole_lines(capsys):
    assert shown(capsys, "x" * 100, "y" * 100) == "x" * 100 + "  " + "y" * 100


def test_long_text_is_cut():
    assert one_line("x" * 1000, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("Traceback (most recent call last):\n  File x\nValueError: no", "ValueError: no"),
        ("false ended with exit code 1\nwhat it wrote\nto stderr", "false ended with exit code 1"),
        ("lost", "lost"),
        ("\n", ""),
        (None, None),
    ],
)
def test_of_an_error_the_line_that_tells_is_shown(error, line):
    assert cause(error) == line


def test_progress_is_silent_where_stderr_is_no_terminal(capsys):
    with progress("working") as bar:
        bar.update(bar.add_task("", total=3, remark=""), advance=3)
    assert capsys.readouterr() == ("", "")
