"""What a load test found, for people."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table


def summary(found: Mapping[str, Any], spent: Mapping[str, float], code: int, results: Path) -> RenderableType:
    """`found`: a Verdict's document. `spent`: seconds of CPU by role. `code`: Locust's."""
    lines: list[RenderableType] = [requests(found["figures"]), *told(found, spent)]
    lines += [f"[red]{problem}[/]" for problem in found["problems"]]
    if not code:
        lines.append("[green]every acknowledged task is finished, nothing is over its limit[/]")
    return Group(*lines, f"report, figures and log: {results}")


def requests(figures: list[Mapping[str, Any]]) -> Table:
    """A row for each kind of request; times in milliseconds."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("request", no_wrap=True)
    for column in ("requests", "failed", "per s", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(column, justify="right")
    for one in figures:
        times = (f"{one[name]:,.0f}" for name in ("p50", "p95", "p99"))
        table.add_row(one["kind"], f"{one['requests']:,}", f"{one['failures']:,}", f"{one['per_second']:,.1f}", *times)
    return table


def told(found: Mapping[str, Any], spent: Mapping[str, float]) -> list[str]:
    """The tasks, the event stream, the CPU and the machine, a line each."""
    accounts, seen = found["accounts"], found["seen"]
    tasks = accounts["acknowledged"]
    finished = accounts["ends"].get("COMPLETE", 0)
    each = ", ".join(f"{role} {seconds / tasks * 1e6:,.0f}" for role, seconds in sorted(spent.items()) if tasks)
    events = ", ".join(f"{count:,} {what}" for what, count in sorted(seen.items()))
    return [
        f"tasks: {tasks:,} acknowledged, {finished:,} of them finished (asked in {accounts['seconds']:.1f} s)",
        f"event stream: {events or 'nobody watched'}",
        f"CPU, µs per task, the check included: {each}",
        f"machine: {machine()}; Locust runs on it, too",
    ]


def machine() -> str:
    """Processor, cores and Python."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    model = models[0].partition(": ")[2] if models else platform.machine()
    return f"{os.cpu_count()} × {model}, {platform.system()}, Python {platform.python_version()}"
