"""drain: no-op tasks that wait already, as fast as they go."""

from cluster.cli.bench.draining import drained
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Crew
from cluster.cli.bench.meter import cost
from cluster.cli.bench.scenario import Context, Scenario


async def _run(context: Context) -> Findings:
    sizes, bare = context.sizes, context.bare.drain_rate
    drain = await drained(context, sizes.drain, Crew(workers=sizes.workers))
    costs = cost(drain.before, drain.after, drain.tasks)
    return Findings(
        {"tasks": sizes.drain, "workers": sizes.workers},
        [
            Figure("drain_per_second", "drain", drain.rate, "/s", Aim("≥", 50_000), bare),
            Figure("ratio", "drain ÷ PostgreSQL alone", drain.rate / bare, "×", Aim("≥", 0.9)),
            *costs,
        ],
        [
            Chart("drain", "", "tasks/s", {"": [("PostgreSQL alone", bare), ("drain", drain.rate)]}, "bar"),
            cpu_chart("drain", costs),
        ],
    )


def cpu_chart(title: str, costs: list[Figure]) -> Chart:
    """Bars of the CPU that each process spent on a task."""
    bars: list[tuple[float | str, float]] = [
        (figure.name.removeprefix("cpu_us_"), figure.value) for figure in costs if figure.name.startswith("cpu_us_")
    ]
    return Chart(f"{title}: CPU per task", "", "µs", {"": bars}, "bar")


SCENARIO = Scenario("drain", "no-op tasks that wait already, as fast as they go", _run)
