"""dashboards: many follow the events while tasks enter at a rate and are done: what does the engine lose by them?"""

import statistics
import time
from dataclasses import dataclass

from cluster.cli.bench.backlog import until_finished
from cluster.cli.bench.client import followed, posted
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Cluster, Crew, cluster
from cluster.cli.bench.load import Came, Requests
from cluster.cli.bench.meter import cpu_between, read
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.server import Database
from cluster.cli.bench.watchers import Seen
from cluster.cli.bench.windows import Windows
from cluster.core.errors import CannotStart

POSTED = 50
"""Tasks in one request: at 5,000 a second, a hundred of them."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One stretch of load. `rate`: tasks finished per second, median window. `cpu`: of each process, in cores."""

    came: Came
    rate: float
    cpu: dict[str, float]
    windows: Windows


async def _run(context: Context) -> Findings:
    sizes = context.sizes
    async with context.database() as database, cluster(database, Crew(sizes.workers, edge=True)) as running:
        alone = await _stretch(context, database, running, "nobody looks on")
        async with followed(running, sizes.dashboards) as found:
            watched = await _stretch(context, database, running, f"{sizes.dashboards:,} look on")
        again = await _stretch(context, database, running, "nobody looks on")
    if (seen := found.seen) is None:
        raise CannotStart("the dashboards ended without a word")
    charts = {"nobody looks on": alone.windows.points(), "all look on": watched.windows.points()}
    return Findings(
        {"dashboards": sizes.dashboards, "rate": sizes.followed_rate, "seconds": sizes.followed_seconds,
         "workers": sizes.workers},
        [*_of_the_engine(sizes.followed_rate, alone, watched, again), *_of_the_dashboards(sizes.dashboards, seen),
         *_of_the_processes(alone, watched)],
        [Chart("dashboards", "s", "tasks/s", charts)],
    )  # fmt: skip


def _of_the_engine(aim: float, alone: _Stretch, watched: _Stretch, again: _Stretch) -> list[Figure]:
    rate = statistics.mean((alone.rate, again.rate))
    alone_p99_ms = max(alone.came.p99_ms, again.came.p99_ms)
    return [
        Figure("alone_per_second", "tasks finished, nobody looks on", rate, "/s"),
        Figure("finished_per_second", "tasks finished, all look on", watched.rate, "/s", Aim("≥", 0.95 * aim)),
        Figure("lost", "the engine loses", 100 * (1 - watched.rate / rate), "%", Aim("≤", 5)),
        Figure("alone_p99_ms", "POST answered, p99, nobody looks on", alone_p99_ms, "ms"),
        Figure("p99_ms", "POST answered, p99, all look on", watched.came.p99_ms, "ms"),
    ]


def _of_the_dashboards(aim: int, seen: Seen) -> list[Figure]:
    return [
        Figure("held", "streams open to the end", seen.clients, "", Aim("≥", aim)),
        Figure("events_per_second", "events told to each, one by one", seen.events / seen.seconds, "/s"),
        Figure("sums_per_second", "sums told to each", seen.sums / seen.seconds, "/s"),
        Figure("gaps", "gaps", seen.gaps, "", Aim("≤", 0)),
        Figure("writes_per_second", "reads of all dashboards", seen.reads / seen.seconds, "/s"),
        Figure("mb_per_second", "written to all of them", seen.megabytes / seen.seconds, "MB/s"),
        Figure("silence_ms", "longest wait for news of a dashboard, p99", seen.silence * 1e3, "ms"),
        Figure("asked_per_second", "what they ask besides", seen.answers / seen.seconds, "/s"),
        Figure("asked_p99_ms", "that is answered, p99", seen.answer_p99 * 1e3, "ms"),
        Figure("client_cores", "CPU of those who look on", seen.cpu_seconds / seen.seconds, "cores"),
    ]


def _of_the_processes(alone: _Stretch, watched: _Stretch) -> list[Figure]:
    stretches = (("_alone", ", nobody looks on", alone), ("", ", all look on", watched))
    return [
        Figure(f"{role}_cores{name}", f"CPU of {role}{said}", stretch.cpu[role], "cores")
        for name, said, stretch in stretches
        for role in sorted(stretch.cpu)
    ]


async def _stretch(context: Context, database: Database, running: Cluster, what: str) -> _Stretch:
    sizes = context.sizes
    seconds = sizes.followed_seconds
    requests = Requests(running.edge_port, POSTED, seconds, sizes.senders, sizes.pipeline, sizes.followed_rate)
    windows = Windows(database, seconds)
    before, began = await read(database, running), time.monotonic()
    with context.stage(what, seconds) as told:
        async with windows.watching():
            came = await posted(running, requests, told)
    after, took = await read(database, running), time.monotonic() - began
    await until_finished(database, running, windows.start.enqueued + came.tasks, lambda _look: None)
    cpu = {role: spent / took for role, spent in cpu_between(before, after).items()}
    return _Stretch(came, statistics.median(windows.rates()), cpu, windows)


SCENARIO = Scenario("dashboards", "a thousand dashboards follow the events while tasks enter and are done", _run)
