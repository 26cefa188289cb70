"""What several runs come to, and how it is told."""

import json
import subprocess
import sys

import pytest

from cluster.cli.bench.figures import Aim, Chart, Figure, Findings, percentile, summarised
from cluster.cli.bench.report import written


def findings(*values, bare=None):
    return [Findings({}, [Figure("rate", "rate", value, "/s", Aim("≥", 15), bare)]) for value in values]


def test_repeats_give_the_median_and_the_range_never_the_best():
    [summary] = summarised(findings(30, 10, 20))
    assert summary.median == 20
    said = summary.document()
    assert (said["median"], said["least"], said["most"], said["values"]) == (20, 10, 30, [30, 10, 20])


def test_the_share_of_postgresql_is_that_of_each_repeat():
    repeats = [*findings(10, bare=20), *findings(30, bare=40)]
    [summary] = summarised(repeats)
    assert summary.shares == [0.5, 0.75]
    assert summary.document()["of_bare"]["median"] == 0.625


def test_an_aim_is_met_by_the_median():
    assert summarised(findings(1, 20, 20))[0].met is True
    assert summarised(findings(14, 14, 100))[0].met is False
    assert Aim("≤", 5).met(5)
    assert not Aim("≤", 5).met(5.1)


def test_what_nothing_was_hoped_for_is_neither_met_nor_missed():
    [summary] = summarised([Findings({}, [Figure("x", "x", 1.0, "ms")])])
    assert summary.met is None
    assert {"aim", "met", "of_bare"}.isdisjoint(summary.document())


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share, value):
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_percentile_of_one_value_is_that_value():
    assert {percentile([7], share) for share in (0, 0.5, 0.99, 1)} == {7}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12345.6, "/s", "12,346/s"),
        (9.96, "µs", "10.0 µs"),
        (1.2345, "ms", "1.23 ms"),
        (0.5, "×", "0.50×"),
        (1.0, "yes/no", "yes"),
        (0.0, "yes/no", "no"),
        (3, "", "3"),
    ],
)
def test_a_value_is_written_with_its_unit(value, unit, text):
    assert written(value, unit) == text


def test_a_picture_is_drawn_from_the_file_of_a_run_alone(tmp_path):
    pytest.importorskip("matplotlib")
    chart = Chart("drain", "s", "tasks/s", {"a": [(0, 1), (1, 2)]})
    bars = Chart("cost", "", "µs", {"#1": [("x", 1.0), ("y", 2.0)], "#2": [("x", 1.5), ("y", 2.5)]}, "bar")
    document = {
        "machine": {"taskmaster": "1", "cores": 2, "cpu": "any", "postgresql": "18"},
        "repeats": 2,
        "bare": {"figures": {"drain_per_second": {"median": 1000}}},
        "scenarios": {"drain": {"charts": [vars_of(chart), vars_of(bars)]}},
    }
    run, picture = tmp_path / "run.json", tmp_path / "run.png"
    run.write_text(json.dumps(document))
    subprocess.run([sys.executable, "-m", "cluster.cli.bench.plot", run, picture], check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


def vars_of(chart):
    return {name: getattr(chart, name) for name in ("title", "x", "y", "lines", "kind")}
