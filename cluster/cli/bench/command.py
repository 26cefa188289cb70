"""The command `taskmaster bench`."""

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from cluster.cli.bench.files import MISSING, files, keep
from cluster.cli.bench.measuring import measure
from cluster.cli.bench.report import show
from cluster.cli.bench.scenario import Scenario
from cluster.cli.bench.scenarios import ALL, USUAL
from cluster.cli.bench.sizes import FULL, QUICK, SHORT, Sizes
from cluster.cli.console import err, print_json
from cluster.core.limits import BATCH_TASKS, WORKERS_MAX
from cluster.runtime.entry import EXIT_FAILED
from cluster.runtime.loop import run
from cluster.runtime.settings import Settings

_SCENARIOS = "\n\n".join(f"{scenario.name}: {scenario.says}." for scenario in ALL.values())
_HOW_MUCH, _OF_ONE = "How much", "Of single scenarios"

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SCENARIO]...", show_default=False, help=f"{_SCENARIOS}\n\nWithout a name: {', '.join(USUAL)}."
    ),
]
Every = Annotated[bool, typer.Option("--all", help="Every scenario.", rich_help_panel=_HOW_MUCH)]
Quick = Annotated[
    bool,
    typer.Option("--quick", help="Tiny sizes, to see that it works: the figures mean nothing.",
                 rich_help_panel=_HOW_MUCH),
]  # fmt: skip
Full = Annotated[
    bool,
    typer.Option("--full", help="The sizes that the aims are set for; --all --full takes the better part of an hour.",
                 rich_help_panel=_HOW_MUCH),
]  # fmt: skip
Repeat = Annotated[
    int, typer.Option(min=1, max=100, help="Runs one after another: medians and ranges.", rich_help_panel=_HOW_MUCH)
]
Tasks = Annotated[
    int | None,
    typer.Option(min=100, max=10_000_000, show_default=False, rich_help_panel=_HOW_MUCH,
                 help=f"Tasks to drain. drain: {SHORT.drain:,}; workers: {SHORT.scaling:,} for each number; "
                      f"functions: {SHORT.functions:,}; memory: {SHORT.memory:,}; PostgreSQL alone: {SHORT.bare:,}."),
]  # fmt: skip
Seconds = Annotated[
    float | None,
    typer.Option(min=0.2, max=86_400, show_default=False, rich_help_panel=_HOW_MUCH,
                 help=f"Seconds of load. ingest: {SHORT.ingest_seconds:g}, twice; slots: {SHORT.slots_seconds:g}; "
                      f"xmin: {SHORT.pinned_seconds:g}, twice; dashboards: {SHORT.followed_seconds:g}, three times."),
]  # fmt: skip
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=WORKERS_MAX, show_default=False, rich_help_panel=_HOW_MUCH,
                 help=f"Worker processes, except in workers, slots and rows. Default: {SHORT.workers}."),
]  # fmt: skip


def _option(of: str, default: object, least: float, most: float, about: str) -> Any:
    return typer.Option(
        min=least, max=most, show_default=False, help=f"{of}: {about} Default: {default}.", rich_help_panel=_OF_ONE
    )


Counts = Annotated[
    str | None,
    typer.Option(metavar="N,N,...", show_default=False, rich_help_panel=_OF_ONE,
                 help=f"workers: how many. Default: {','.join(map(str, SHORT.counts))}."),
]  # fmt: skip
Connections = Annotated[
    int | None, _option("ingest", SHORT.connections, 1, 1_000, "HTTP connections, one task a request.")
]
Senders = Annotated[
    int | None, _option("ingest, steady", SHORT.senders, 1, 1_000, "HTTP connections, many tasks a request.")
]
Pipeline = Annotated[
    int | None, _option("ingest, steady", SHORT.pipeline, 1, 100, "requests on the way on each connection.")
]
Posted = Annotated[int | None, _option("ingest", SHORT.posted, 2, BATCH_TASKS, "tasks in a request of many.")]
Rate = Annotated[int | None, _option("steady, dashboards", SHORT.rate, 20, 1_000_000, "tasks a second that enter.")]
Minutes = Annotated[float | None, _option("steady", SHORT.minutes, 0.05, 10_000, "how long.")]
Dashboards = Annotated[int | None, _option("dashboards", SHORT.dashboards, 1, 2_000, "how many follow the events.")]
Samples = Annotated[int | None, _option("latency", SHORT.samples, 2, 100_000, "tasks sent, each way.")]
Pause = Annotated[float | None, _option("latency", SHORT.pause, 0.0, 60, "seconds between two of them, on average.")]
Rows = Annotated[int | None, _option("rows", SHORT.pending, 1_000, 100_000_000, "tasks that wait in the full system.")]
History = Annotated[int | None, _option("rows", SHORT.history, 1_000, 1_000_000_000, "tasks that have finished in it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the JSON document instead of tables.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where the JSON of the run goes. Default: bench-results."),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        "--plot", metavar="FILE", help="Where the picture goes, a .png or a folder. Default: beside the JSON."
    ),
]


def bench(
    names: Names = None,
    every: Every = False,
    quick: Quick = False,
    full: Full = False,
    repeat: Repeat = 1,
    tasks: Tasks = None,
    seconds: Seconds = None,
    workers: Workers = None,
    counts: Counts = None,
    connections: Connections = None,
    senders: Senders = None,
    pipeline: Pipeline = None,
    batch: Posted = None,
    rate: Rate = None,
    minutes: Minutes = None,
    dashboards: Dashboards = None,
    samples: Samples = None,
    pause: Pause = None,
    rows: Rows = None,
    history: History = None,
    json: Json = False,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Measure how fast this machine is, beside what PostgreSQL does alone in the same run.

    Starts what it needs and ends it; works in databases of its own, dropped afterwards: on the server of DATABASE_URL
    or POSTGRES_HOST, else on an embedded one. Everything is committed. Leaves JSON and, with matplotlib, a picture.

    Example: taskmaster bench drain latency --repeat 5
    """
    if quick and full:
        raise typer.BadParameter("give --quick or --full, not both")
    scenarios = _chosen(names or [], every)
    sizes = _changed(
        QUICK if quick else FULL if full else SHORT,
        drain=tasks, scaling=tasks, functions=tasks, memory=tasks, bare=tasks,
        ingest_seconds=seconds, slots_seconds=seconds, pinned_seconds=seconds,
        workers=workers, counts=_counted(counts), connections=connections, senders=senders, pipeline=pipeline,
        posted=batch, rate=rate, minutes=minutes, samples=samples, pause=pause, pending=rows, history=history,
        dashboards=dashboards, followed_rate=rate, followed_seconds=seconds,
    )  # fmt: skip
    _measured(scenarios, sizes, repeat, json, out, plot)


def _measured(
    scenarios: Sequence[Scenario], sizes: Sizes, repeats: int, json: bool, out: Path | None, plot: Path | None
) -> None:
    where = files(out, plot)
    settings = Settings.from_env(os.environ)
    _end_in_good_order()
    found = run(measure(settings, scenarios, sizes, repeats))
    document = found.document()
    if json:
        print_json(document)
    else:
        show(found)
    keep(document, where)
    err().print(f"kept in {where.run}{f', drawn in {where.plot}' if where.plot else f'; {MISSING}'}", soft_wrap=True)
    if found.failed:
        raise typer.Exit(EXIT_FAILED)


def _end_in_good_order() -> None:
    """A signal that ends the bench is as good as Ctrl-C, which gets through the event loop: databases are dropped."""
    # Whoever starts it in the background of a script has Ctrl-C ignored, and with it whatever is as good.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


def _chosen(names: Sequence[str], every: bool) -> list[Scenario]:
    if names and every:
        raise typer.BadParameter("--all is every scenario: name none")
    for name in names:
        if name not in ALL:
            raise typer.BadParameter(f"there is no scenario {name!r}; there are: {', '.join(ALL)}")
    wanted = ALL if every else names or USUAL
    # In our order: what needs a cool machine comes first.
    return [scenario for name, scenario in ALL.items() if name in wanted]


def _changed(sizes: Sizes, **given: Any) -> Sizes:
    return replace(sizes, **{name: value for name, value in given.items() if value is not None})


def _counted(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    counts = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if not all(1 <= count <= WORKERS_MAX for count in counts):
        raise typer.BadParameter(f"--counts takes numbers from 1 to {WORKERS_MAX}, separated by commas")
    return tuple(sorted(set(counts)))
