"""steady: batches enter over HTTP at a rate while the workers drain: does it hold, and does it stay as fast?"""

import statistics
from collections.abc import Sequence

from cluster.cli.bench.backlog import until_finished
from cluster.cli.bench.client import posted
from cluster.cli.bench.figures import Aim, Figure, Findings
from cluster.cli.bench.launcher import Crew, cluster
from cluster.cli.bench.load import Requests
from cluster.cli.bench.meter import cost, read
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.windows import Windows
from cluster.store.bench import Look

MINUTE = 60.0
POSTED = 500
"""Tasks in one request: at 15,000 a second, thirty of them."""


async def _run(context: Context) -> Findings:
    sizes, seconds = context.sizes, context.sizes.minutes * MINUTE
    tasks = min(POSTED, max(1, sizes.rate // 20))
    async with context.database() as database, cluster(database, Crew(sizes.workers, edge=True)) as running:
        requests = Requests(running.edge_port, tasks, seconds, sizes.senders, sizes.pipeline, sizes.rate)
        before = await read(database, running)
        windows = Windows(database, seconds)
        with context.stage(f"{sizes.rate:,} tasks/s", seconds) as told:
            async with windows.watching():
                came = await posted(running, requests, told)
        await until_finished(database, running, windows.start.enqueued + came.tasks, lambda _look: None)
        after = await read(database, running)
    return Findings(
        {"rate": sizes.rate, "minutes": sizes.minutes, "batch": tasks, "senders": sizes.senders,
         "workers": sizes.workers},
        [
            Figure("entered_per_second", "tasks entered over HTTP", came.tasks / came.seconds, "/s",
                   Aim("≥", 0.99 * sizes.rate)),
            Figure("finished_per_second", "tasks finished, median window", statistics.median(windows.rates()), "/s",
                   Aim("≥", 0.99 * min(sizes.rate, 15_000)), context.bare.drain_rate),
            *_held(windows.looks, seconds),
            Figure("p99_ms", "POST answered, p99", came.p99_ms, "ms"),
            *cost(before, after, came.tasks, client_seconds=came.cpu_seconds),
        ],
        windows.charts("steady"),
    )  # fmt: skip


def _held(looks: Sequence[Look], seconds: float) -> list[Figure]:
    """Whether the backlog stays within bounds and the throughput where it was."""
    minute = min(MINUTE, seconds / 4)
    second, last = (_between(looks, begin, begin + minute) for begin in (minute, seconds - minute))
    backlogs = [max(look.waiting for look in part) for part in (second, last)]
    rates = [(part[-1].finished - part[0].finished) / (part[-1].now - part[0].now) for part in (second, last)]
    # A second's worth more is how it breathes.
    bounded = backlogs[1] <= backlogs[0] + rates[0]
    said = "minute" if minute == MINUTE else f"{minute:g} s"
    return [
        Figure("bounded", "backlog stays bounded", float(bounded), "yes/no", Aim("≥", 1)),
        Figure("backlog_most", "backlog, most", max(look.waiting for look in looks), ""),
        Figure("last_to_second", f"throughput of the last {said} to the second", 100 * rates[1] / rates[0], "%",
               Aim("≥", 95)),
    ]  # fmt: skip


def _between(looks: Sequence[Look], begin: float, end: float) -> list[Look]:
    """The looks of this stretch, seconds since the first; two at least."""
    zero = looks[0].now
    chosen = [index for index, look in enumerate(looks) if begin <= look.now - zero <= end]
    first = min(chosen[0] if chosen else len(looks) - 2, len(looks) - 2)
    return list(looks[first : max(first + 2, (chosen[-1] + 1) if chosen else 0)])


SCENARIO = Scenario("steady", "batches enter over HTTP at a rate while the workers drain them", _run)
