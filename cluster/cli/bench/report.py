"""A run as people read it: a table for each scenario, beside them PostgreSQL alone, the machine and its settings."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from cluster.cli.bench.figures import Aim, Summary, summarised
from cluster.cli.bench.measuring import Run
from cluster.cli.console import out, table

_COLUMNS = ("figure", "median", "range", "of PostgreSQL alone", "aim", "")
_NUMBERS = _COLUMNS[1:5]
_DIGITS = {"/s": 0, "µs": 1, "ms": 2, "bytes": 0, "MiB": 1, "%": 1, "×": 2, "": 0, "cores": 2, "MB/s": 1}


def show(run: Run) -> None:
    """Print it to stdout."""
    console = out()
    _section(console, "PostgreSQL alone, the same statements over one connection", run.bare_summaries())
    for scenario in run.scenarios:
        if findings := run.found.get(scenario.name):
            said = ", ".join(f"{name} {_said(value)}" for name, value in findings[0].settings.items())
            _section(console, f"{scenario.name}: {scenario.says} ({said})", summarised(findings))
    for line in _circumstances(run):
        console.print(line)


def _section(console: Console, title: str, summaries: Sequence[Summary]) -> None:
    console.print(title, style="bold")
    console.print(table(_COLUMNS, list(map(_row, summaries)), right=_NUMBERS))
    console.print()


def _row(summary: Summary) -> tuple[str | None, ...]:
    figure, several = summary.figure, len(summary.values) > 1
    shares = sorted(summary.shares)
    return (
        figure.label,
        written(summary.median, figure.unit),
        f"{written(min(summary.values), figure.unit)} to {written(max(summary.values), figure.unit)}"
        if several
        else None,
        f"{shares[0]:.2f} to {shares[-1]:.2f}" if several and shares else f"{shares[0]:.2f}" if shares else None,
        _hoped(figure.aim, figure.unit) if figure.aim else None,
        None if summary.met is None else "yes" if summary.met else "no",
    )


def _hoped(aim: Aim, unit: str) -> str:
    value = written(aim.value, unit)
    return value if unit == "yes/no" else f"{aim.sign} {value}"


def written(value: float, unit: str) -> str:
    """A value with its unit."""
    if unit == "yes/no":
        return "yes" if value else "no"
    space = "" if unit in {"/s", "×", ""} else " "
    return f"{value:,.{_DIGITS[unit]}f}{space}{unit}"


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else f"{value:,}"


def _circumstances(run: Run) -> Iterator[str]:
    machine = run.machine
    yield f"{run.asked}, {run.began:%Y-%m-%d %H:%M} UTC"
    yield f"{machine.cores} × {machine.cpu}, {machine.memory} GiB, {machine.system}; load before: {machine.load}"
    yield f"TaskMaster {machine.taskmaster}, Python {machine.python} on {machine.loop}, PostgreSQL {machine.postgresql}"
    yield ", ".join(f"{name} {value}" for name, value in machine.settings.items())
    if len(run.bare) == 1:
        yield "One run. Machines differ from one minute to the next: --repeat 5 gives ranges."
