"""slots: tasks that take half a second, on 5 workers of 5 slots: is a free slot ever left waiting?"""

from cluster.cli.bench.draining import drained
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Crew
from cluster.cli.bench.meter import cost
from cluster.cli.bench.scenario import Context, Scenario
from cluster.store.bench import Look

WORKERS, SLOTS, TAKES = 5, 5, 0.5
IDEAL = WORKERS * SLOTS / TAKES
"""Tasks a second."""


async def _run(context: Context) -> Findings:
    rounds = max(1, round(context.sizes.slots_seconds / TAKES))
    tasks = rounds * WORKERS * SLOTS
    crew = Crew(WORKERS, environment={"WORKER_POOL_SIZE": str(SLOTS), "TASK_PROCESS_TIME": str(TAKES)})
    looks: list[Look] = []
    drain = await drained(context, tasks, crew, "demo-job", lambda _running, seen: looks.append(seen))
    done: list[tuple[float | str, float]] = [
        (seen.now - looks[0].now, float(seen.finished - looks[0].finished)) for seen in looks
    ]
    return Findings(
        {"tasks": tasks, "workers": WORKERS, "slots": SLOTS, "seconds": TAKES},
        [
            Figure("of_ideal", f"of the ideal {IDEAL:g}/s", 100 * drain.rate / IDEAL, "%", Aim("≥", 98)),
            Figure("slots_per_second", "tasks done", drain.rate, "/s"),
            *cost(drain.before, drain.after, tasks, wal_aim=None),
        ],
        [Chart("slots: tasks done", "s", "tasks", {"done": done})],
    )


SCENARIO = Scenario("slots", f"{WORKERS} workers × {SLOTS} slots of {TAKES:g} s tasks: how near to the ideal", _run)
