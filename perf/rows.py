"""Does what lies about make anything slower? Each statement of the hot path and of the lists, small beside large.

`python perf/rows.py [--pending 1000000] [--finished 10000000] [--runs 30] [--json OUT]` fills a database of its own, on
the server of DATABASE_URL, else on an embedded one that it starts, and a small one: 2,000 tasks wait, 2,000 have
finished. The two take turns, so that what else the machine does meets both.

ms       median time of the statement in the server; planning included where programs plan it each time
rows     rows that it read, those it threw away included
buffers  pages that it touched
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rows_probes import BATCH, Cost, Probe, lists, probes
from rows_tables import fill

from cluster.cli.bench.server import Database, bench_server, scratch
from cluster.runtime.settings import Settings
from cluster.store.pool import connected

SMALL = 2_000
MOST = 1.3

Costs = dict[str, tuple[Cost, Cost]]


async def measured(probe: Probe, databases: Sequence[Database], runs: int) -> tuple[Cost, Cost]:
    """What it costs in the small database and in the large one."""
    costs: list[list[Cost]] = [[], []]
    for _ in range(runs):
        for database, seen in zip(databases, costs, strict=True):
            async with connected(database.pool) as connection:
                seen.append(await probe.cost(connection))
    small, large = (
        Cost(*(statistics.median(figures) for figures in zip(*map(_figures, seen), strict=True))) for seen in costs
    )
    return small, large


def _figures(cost: Cost) -> tuple[float, float, float]:
    return cost.ms, cost.rows, cost.buffers


def shown(costs: Costs, title: str) -> Table:
    table = Table(title=title)
    for column in ("statement", "ms small", "ms large", "ratio", "rows", "", "buffers", ""):
        table.add_column(column, justify="left" if column == "statement" else "right")
    for name, (small, large) in costs.items():
        ratio = large.ms / small.ms
        table.add_row(
            name, f"{small.ms:.3f}", f"{large.ms:.3f}", f"[{'red' if ratio > MOST else 'green'}]{ratio:.2f}[/]",
            *(f"{figure:.0f}" for figure in (small.rows, large.rows, small.buffers, large.buffers)),
        )  # fmt: skip
    return table


def worst(costs: Costs, count: int) -> Costs:
    """Those whose time grew most."""
    ranked = sorted(costs.items(), key=lambda item: item[1][1].ms / item[1][0].ms, reverse=True)
    return dict(ranked[:count])


async def run(options: argparse.Namespace) -> Costs:
    console = Console()
    async with (
        bench_server(Settings.from_env(os.environ)) as server,
        scratch(server) as small,
        scratch(server) as large,
    ):
        with console.status(f"{options.pending:,} tasks that wait, {options.finished:,} that have finished …"):
            await fill(small, SMALL, SMALL)
            await fill(large, options.pending, options.finished)
        both = (small, large)
        hot = {
            probe.name: await measured(probe, both, options.runs)
            for probe in track(probes(), "hot path", console=console)
        }
        few = max(3, options.runs // 5)
        listed = {probe.name: await measured(probe, both, few) for probe in track(lists(), "lists", console=console)}
    console.print(shown(hot, f"one statement, batches of {BATCH}"))
    console.print(
        shown(worst(listed, 12), f"pages of 50: the 12 that grew most of {len(listed)} combinations of filters")
    )
    ratios = [large.ms / small.ms for small, large in listed.values()]
    console.print(f"pages: median ratio {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    return {**hot, **listed}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pending", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--finished", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--runs", type=int, default=30, metavar="N")
    parser.add_argument("--json", type=Path, metavar="OUT")
    options = parser.parse_args()
    costs = asyncio.run(run(options))
    if options.json:
        document = {name: {"small": asdict(small), "large": asdict(large)} for name, (small, large) in costs.items()}
        options.json.write_text(json.dumps(document, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
