"""What tasks and people wrote is shown as it is, and never obeyed."""

import pytest

from cluster.cli.console import cause, one_line, out, progress, table, worker_name


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


def test_none_is_a_dash_and_a_column_of_nothing_else_is_left_out(capsys):
    out().print(table(("a", "b", "c"), [(None, None, 0), (1, None, None)]))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["a", "c"], ["-", "0"], ["1", "-"]]


def test_a_table_without_rows_keeps_its_headings(capsys):
    out().print(table(("a", "b"), []))
    assert capsys.readouterr().out.split() == ["a", "b"]


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


def test_a_worker_is_called_by_its_name():
    assert worker_name("gpu-worker-1-1701ceba") == "gpu-worker-1"
    assert worker_name("node-worker") == "node-worker"
    assert worker_name(None) is None


def test_progress_is_silent_where_stderr_is_no_terminal(capsys):
    with progress("working") as bar:
        bar.update(bar.add_task("", total=3, remark=""), advance=3)
    assert capsys.readouterr() == ("", "")
