"""functions: plain `def` no-ops, each where it can be killed at its timeout."""

from cluster.cli.bench.draining import drained
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Crew
from cluster.cli.bench.meter import cost
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.scenarios.drain import cpu_chart
from cluster.cli.bench.tasks import FUNCTION


async def _run(context: Context) -> Findings:
    sizes, bare = context.sizes, context.bare.drain_rate
    drain = await drained(context, sizes.functions, Crew(workers=sizes.workers, warm=FUNCTION), FUNCTION)
    costs = cost(drain.before, drain.after, drain.tasks)
    return Findings(
        {"tasks": sizes.functions, "workers": sizes.workers},
        [Figure("functions_per_second", "plain functions", drain.rate, "/s", Aim("≥", 5_000), bare), *costs],
        [
            Chart(
                "functions", "", "tasks/s", {"": [("PostgreSQL alone", bare), ("plain functions", drain.rate)]}, "bar"
            ),
            cpu_chart("functions", costs),
        ],
    )


SCENARIO = Scenario("functions", "plain `def` no-ops, each where it can be killed at its timeout", _run)
