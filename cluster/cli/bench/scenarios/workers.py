"""workers: the same drain with more and more worker processes: what does each cost the coordinator?"""

from cluster.cli.bench.draining import Drain, drained
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Crew
from cluster.cli.bench.meter import cpu_between
from cluster.cli.bench.scenario import Context, Scenario

MANY = 50
"""The number of workers that the aim speaks of."""


async def _run(context: Context) -> Findings:
    tasks, counts = context.sizes.scaling, context.sizes.counts
    drains = {count: await drained(context, tasks, Crew(workers=count)) for count in counts}
    first = drains[counts[0]]
    figures = [
        figure
        for count, drain in drains.items()
        for figure in _figures(count, drain, first if drain is not first else None, context.bare.drain_rate)
    ]
    rates: list[tuple[float | str, float]] = [(count, drain.rate) for count, drain in drains.items()]
    shares: dict[str, list[tuple[float | str, float]]] = {
        role: [(count, _us(drain, role)) for count, drain in drains.items()] for role in first.after.cpu
    }
    return Findings(
        {"tasks": tasks, "counts": counts},
        figures,
        [
            Chart("workers", "worker processes", "tasks/s", {"drain": rates}),
            Chart("workers: CPU per task", "worker processes", "µs", shares),
        ],
    )


def _figures(count: int, drain: Drain, first: Drain | None, bare: float) -> list[Figure]:
    of = f"{count} worker(s)"
    coordinator = _us(drain, "coordinator")
    figures = [
        Figure(f"workers_{count}_per_second", f"{of}, drain", drain.rate, "/s", bare=bare),
        Figure(f"workers_{count}_cpu_us_coordinator", f"{of}, CPU per task, coordinator", coordinator, "µs"),
        Figure(f"workers_{count}_cpu_us_worker", f"{of}, CPU per task, worker(s)", _us(drain, "worker"), "µs"),
    ]
    if "postgresql" in drain.after.cpu:
        us = _us(drain, "postgresql")
        figures.append(Figure(f"workers_{count}_cpu_us_postgresql", f"{of}, CPU per task, PostgreSQL", us, "µs"))
    if first is None:
        return figures
    aim = Aim("≤", 1.3) if count == MANY else None
    times = coordinator / _us(first, "coordinator")
    return [*figures, Figure(f"workers_{count}_ratio", f"{of}, coordinator's CPU to the first", times, "×", aim)]


def _us(drain: Drain, role: str) -> float:
    return cpu_between(drain.before, drain.after)[role] / drain.tasks * 1e6


SCENARIO = Scenario(
    "workers", "the same drain with 1, 2, 4 … worker processes, and what that costs the coordinator", _run
)
