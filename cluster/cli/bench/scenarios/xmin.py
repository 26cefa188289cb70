"""xmin: a drain that does not end, without and with a snapshot that somebody else holds: vacuum can remove nothing."""

import statistics
from contextlib import AsyncExitStack

from cluster.cli.bench.backlog import kept_full
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Crew, cluster
from cluster.cli.bench.meter import cost, read
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.windows import Windows
from cluster.store.bench import pinned
from cluster.store.pool import connected

BACKLOG = 20_000
"""Tasks that always wait."""
LEAD_IN = 2.0


async def _run(context: Context) -> Findings:
    free, free_costs = await _fed(context, pin=False)
    held, held_costs = await _fed(context, pin=True)
    rate, held_rate = (statistics.fmean(windows.rates()) for windows in (free, held))
    tail, held_tail = map(_tail, (free, held))
    return Findings(
        {"seconds": context.sizes.pinned_seconds, "backlog": BACKLOG, "workers": context.sizes.workers},
        [
            Figure("free_per_second", "fed and drained, nothing pinned", rate, "/s", bare=context.bare.drain_rate),
            Figure("pinned_per_second", "with a pinned snapshot", held_rate, "/s", bare=context.bare.drain_rate),
            Figure("fall", "throughput falls by", 100 * (1 - held_rate / rate), "%", Aim("≤", 15)),
            Figure("tail_fall", "in the last fifth of the time by", 100 * (1 - held_tail / tail), "%", Aim("≤", 15)),
            *free_costs,
            *held_costs,
        ],
        [Chart("pinned snapshot", "s", "tasks/s", {"nothing pinned": free.points(), "pinned": held.points()})],
    )


def _tail(windows: Windows) -> float:
    """Tasks per second in the last fifth of the time."""
    rates = windows.rates()
    return statistics.fmean(rates[-max(1, len(rates) // 5) :])


async def _fed(context: Context, *, pin: bool) -> tuple[Windows, list[Figure]]:
    seconds = context.sizes.pinned_seconds
    what = "pinned" if pin else "not pinned"
    async with context.database() as database, AsyncExitStack() as held:
        running = await held.enter_async_context(cluster(database, Crew(workers=context.sizes.workers)))
        if pin:
            connection = await held.enter_async_context(connected(database.pool))
            await held.enter_async_context(pinned(connection))
        windows = Windows(database, seconds)
        with context.stage(what, seconds) as told:
            # So that the meters are read in mid-stream.
            await kept_full(database, running, min(LEAD_IN, seconds / 2), BACKLOG, told)
            before = await read(database, running)
            async with windows.watching():
                await kept_full(database, running, seconds, BACKLOG, told)
        after = await read(database, running)
    tasks = windows.looks[-1].finished - windows.start.finished
    return windows, cost(before, after, tasks, name=f"{what.replace(' ', '_')}_", label=f"{what}, ")


SCENARIO = Scenario("xmin", "sustained throughput while somebody else holds a snapshot, and while nobody does", _run)
