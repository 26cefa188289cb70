"""The picture of a run, drawn by a program of its own: `python -m cluster.cli.bench.plot RUN.json FILE.png`.

It needs matplotlib, which the bench itself does not import: it is optional, and takes a second.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

COLUMNS = 3
_WIDTH, _HEIGHT = 5.2, 3.6
"""Inches of a chart."""


def draw(run: dict[str, Any], file: Path) -> None:
    """Write a PNG with the charts of a run as --json has it."""
    mpl.use("Agg")
    charts = [chart for scenario in run["scenarios"].values() for chart in scenario["charts"]]
    rows = max(1, -(-len(charts) // COLUMNS))
    columns = min(COLUMNS, max(1, len(charts)))
    picture = Picture(figsize=(_WIDTH * columns, _HEIGHT * rows + 0.6), layout="constrained")
    picture.suptitle(_title(run), fontsize=9)
    for place, chart in enumerate(charts, 1):
        _chart(picture.add_subplot(rows, columns, place), chart)
    picture.savefig(file, dpi=110)


def _title(run: dict[str, Any]) -> str:
    machine, bare = run["machine"], run["bare"]["figures"]["drain_per_second"]
    where = f"{machine['cores']} × {machine['cpu']}, PostgreSQL {machine['postgresql']}"
    alone = f"alone: {bare['median']:,.0f} tasks/s, {run['repeats']} run(s)"
    return f"TaskMaster {machine['taskmaster']} on {where} ({alone})"


def _chart(axes: Axes, chart: dict[str, Any]) -> None:
    axes.set_title(chart["title"], fontsize=10)
    axes.set_xlabel(chart["x"])
    axes.set_ylabel(chart["y"])
    for place, (name, points) in enumerate(chart["lines"].items()):
        if chart["kind"] == "bar":
            width = 0.8 / len(chart["lines"])
            places = [index + place * width for index, _ in enumerate(points)]
            axes.bar(places, [value for _, value in points], width, label=name)
            axes.set_xticks(range(len(points)), [word for word, _ in points], fontsize=7)
        else:
            axes.plot(
                [x for x, _ in points], [y for _, y in points], marker="." if len(points) < 40 else "", label=name
            )
    axes.set_ylim(bottom=0)
    if any(chart["lines"]):
        axes.legend(fontsize=7)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
