"""The scenarios, a module each: what it does, which figures come of it, and what was hoped for."""

from cluster.cli.bench.scenario import Scenario
from cluster.cli.bench.scenarios import (
    dashboards,
    drain,
    functions,
    ingest,
    latency,
    memory,
    rows,
    slots,
    steady,
    workers,
    xmin,
)

ALL: dict[str, Scenario] = {
    module.SCENARIO.name: module.SCENARIO
    for module in (drain, ingest, steady, latency, functions, slots, workers, rows, xmin, memory, dashboards)
}
USUAL = ("drain", "ingest", "steady", "latency", "functions", "slots")
"""What runs when nothing is named: three minutes."""
