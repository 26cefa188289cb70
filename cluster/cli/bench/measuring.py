"""A run: so many times over, first PostgreSQL alone and then every scenario that was asked for."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from cluster.cli.bench.figures import Chart, Figure, Findings, Summary, summarised
from cluster.cli.bench.machine import Machine, machine
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.server import bench_server, scratch
from cluster.cli.bench.sizes import Sizes
from cluster.cli.console import err, progress
from cluster.core.errors import TaskMasterError
from cluster.runtime.settings import Settings
from cluster.store.bare import BareFigures, run_bare
from cluster.store.pool import connected


@dataclass(slots=True)
class Run:
    """What came of it so far. `asked`: the command line.

    State: one BareFigures for each repeat, what each scenario found in each, and why scenarios ended early.
    """

    machine: Machine
    sizes: Sizes
    scenarios: Sequence[Scenario]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    asked: str = field(default_factory=lambda: shlex.join(["taskmaster", *sys.argv[1:]]))
    bare: list[BareFigures] = field(default_factory=list)
    found: dict[str, list[Findings]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def bare_summaries(self) -> list[Summary]:
        """What PostgreSQL did alone, over all repeats."""
        return summarised(
            [
                Findings({}, [
                    Figure("drain_per_second", "PostgreSQL alone: claim and finish", bare.drain_rate, "/s"),
                    Figure("enqueue_per_second", "PostgreSQL alone: enqueue", bare.enqueue_rate, "/s"),
                ])
                for bare in self.bare
            ]
        )  # fmt: skip

    def document(self) -> dict[str, Any]:
        """For --json and the file: rates in tasks per second, CPU in microseconds, WAL in bytes per task."""
        return {
            "began": self.began.isoformat(timespec="seconds"),
            "asked": self.asked,
            "machine": asdict(self.machine),
            "sizes": asdict(self.sizes),
            "repeats": len(self.bare),
            "bare": {"tasks": self.sizes.bare, "batch": self.sizes.batch, "figures": _figures(self.bare_summaries())},
            "scenarios": {
                scenario.name: {
                    "says": scenario.says,
                    "settings": self.found[scenario.name][0].settings,
                    "figures": _figures(summarised(self.found[scenario.name])),
                    "charts": [asdict(chart) for chart in _merged(self.found[scenario.name])],
                }
                for scenario in self.scenarios
                if scenario.name in self.found
            },
            "failed": self.failed,
        }


async def measure(settings: Settings, scenarios: Sequence[Scenario], sizes: Sizes, repeats: int) -> Run:
    """Run the scenarios. One that cannot go on is told at once and noted; the others run nevertheless.

    Raises StoreUnavailable or CannotStart when there is no PostgreSQL to work on.
    """
    async with bench_server(settings) as server:
        async with scratch(server) as database:
            run = Run(await machine(database), sizes, scenarios)
        for repeat in range(repeats):
            bare = await _alone(server, sizes)
            run.bare.append(bare)
            for scenario in scenarios:
                title = scenario.name if repeats == 1 else f"{scenario.name} {repeat + 1}/{repeats}"
                try:
                    findings = await scenario.run(Context(server, sizes, bare, title))
                except TaskMasterError as error:
                    run.failed[scenario.name] = error.detail
                    err().print(f"{title} could not be measured: {error.detail}", soft_wrap=True)
                else:
                    run.found.setdefault(scenario.name, []).append(findings)
    return run


async def _alone(server: str, sizes: Sizes) -> BareFigures:
    with progress("PostgreSQL alone") as bar:
        bar.add_task("", total=None, remark="")
        async with scratch(server) as database, connected(database.pool) as connection:
            return await run_bare(connection, sizes.bare, sizes.batch)


def _figures(summaries: Sequence[Summary]) -> Mapping[str, Any]:
    return {summary.figure.name: summary.document() for summary in summaries}


def _merged(repeats: Sequence[Findings]) -> list[Chart]:
    """The charts of all repeats, the lines of each beside those of the first."""
    if len(repeats) == 1:
        return repeats[0].charts
    return [
        Chart(
            first.title,
            first.x,
            first.y,
            {
                f"{name} #{number}".strip(): points
                for number, findings in enumerate(repeats, 1)
                for name, points in findings.charts[place].lines.items()
            },
            first.kind,
        )
        for place, first in enumerate(repeats[0].charts)
    ]
