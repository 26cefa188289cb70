"""memory: what coordinator and worker keep in memory while they drain, at every 100,000 tasks."""

from cluster.cli.bench.draining import drained
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Cluster, Crew
from cluster.cli.bench.meter import memory
from cluster.cli.bench.scenario import Context, Scenario
from cluster.store.bench import Look

STEP = 100_000
ROLES = ("coordinator", "worker")


class _Marks:
    """State: MiB of each role at the first look beyond every step."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.lines: dict[str, list[tuple[float | str, float]]] = {role: [] for role in ROLES}

    def see(self, running: Cluster, seen: Look) -> None:
        if seen.finished >= (len(self.lines[ROLES[0]]) + 1) * self.step:
            self.mark(running, seen)

    def mark(self, running: Cluster, seen: Look) -> None:
        for role in ROLES:
            self.lines[role].append((float(seen.finished), memory(running.processes[role])))


async def _run(context: Context) -> Findings:
    tasks = context.sizes.memory
    marks = _Marks(min(STEP, tasks // 4))
    await drained(context, tasks, Crew(workers=context.sizes.workers), looked=marks.see)
    figures = []
    for role, line in marks.lines.items():
        first, last = line[0][1], line[-1][1]
        growth = max(value for _, value in line) - first
        figures += [
            Figure(f"{role}_mib", f"{role}, after {marks.step:,} tasks", first, "MiB"),
            Figure(f"{role}_end_mib", f"{role}, after {tasks:,} tasks", last, "MiB"),
            Figure(f"{role}_growth_mib", f"{role}, most beyond that of {marks.step:,}", growth, "MiB", Aim("≤", 5)),
        ]
    return Findings(
        {"tasks": tasks, "workers": context.sizes.workers},
        figures,
        [Chart("memory", "tasks", "MiB", marks.lines)],
    )


SCENARIO = Scenario("memory", "resident memory of coordinator and worker while they drain", _run)
