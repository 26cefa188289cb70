"""One chaos run from its seed to its verdict.

cluster up → clients begin → warm-up, memory measured → faults, one after the other and some at once → all mended
→ clients end → backlog drains → memory measured → cluster stopped → tables read → every checker
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos import cast
from tests.chaos.checks.every import check_all
from tests.chaos.checks.limits import Limits
from tests.chaos.clients import Client, Throttle
from tests.chaos.cluster import ChaosCluster
from tests.chaos.faults import chosen, inflict, ordered
from tests.chaos.history import History, Recorder
from tests.chaos.logs import unexpected_in
from tests.chaos.report import Ran, Report, report_of
from tests.chaos.schedule import GAP, Planned, plan
from tests.chaos.tables import snapshot
from tests.chaos.watch import measure, watch

CLIENTS = 6
WARM_UP = 10.0
"""Seconds of load before the first fault, after which the memory of every process is measured."""
CALM = 5.0
"""Seconds of load after the last fault, when everybody is up again."""
RESTORED_WITHIN = 30.0
DRAINED_WITHIN = 240.0
QUIET = 5.0
"""Seconds after the backlog until memory is measured."""

LIMITS = Limits(
    # HEARTBEAT_INTERVAL is 1 s here: a worker that is not heard is lost after 3 s. The rest is for a busy machine.
    ladder={"kill": 5.0, "crash": 5.0, "deadly": 5.0, "order-to-die": 15.0},
    otherwise=10.0,
    attempts_of={"chaos-flaky": 4, "chaos-exit": 2, "chaos-stubborn": 1, "chaos-overdue": 1},
)


@dataclass(frozen=True)
class Options:
    """`minutes`: of faults. `rate`: tasks a second that the clients enqueue. `folder`: empty, or not there yet."""

    seed: int
    minutes: float
    folder: Path
    faults: tuple[str, ...] = ()
    rate: float = 100.0
    gap: float = GAP
    without: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """What replays it."""
        faults = f" --faults {','.join(self.faults)}" if self.faults else ""
        return (
            f"python -m tests.chaos --seed {self.seed} --minutes {self.minutes:g} --rate {self.rate:g} "
            f"--gap {self.gap:g}{faults}"
        )


async def run(options: Options) -> Report:
    """The whole run; its report and everything it was made from are in the folder."""
    options.folder.mkdir(parents=True, exist_ok=True)
    # An account without rights runs PostgreSQL in here.
    options.folder.chmod(0o755)
    faults = chosen(options.faults)
    planned = plan(options.seed, options.minutes * 60, [fault.kind for fault in faults], options.gap)
    (options.folder / "plan").write_text("".join(f"{each}\n" for each in planned))
    begun = time.monotonic()
    async with ChaosCluster(options.folder) as cluster:
        recorder = Recorder(cluster.history / "run.jsonl", "run")
        problems = await _ill_treat(cluster, options, planned, recorder)
        problems += [f"{end.name} ended with {end.code} after SIGTERM" for end in await cluster.stop() if end.code]
        tables = await asyncio.to_thread(snapshot, cluster.database.url)
    tables.dump(options.folder / "tables.json")
    history = History.read(cluster.history)
    problems += unexpected_in(cluster.log)
    violations = check_all(history, tables, LIMITS, without=options.without)
    ends = Counter(f"{cast.role_of(end.name)} {end.code}" for end in cluster.exits)
    ran = Ran(options.command, time.monotonic() - begun, planned, ends, problems)
    return report_of(ran, history, tables, violations)


async def _ill_treat(
    cluster: ChaosCluster, options: Options, planned: Sequence[Planned], recorder: Recorder
) -> list[str]:
    """Load, faults, calm, and the backlog. What did not come right by itself."""
    problems = []
    async with _background(watch(cluster, recorder)):
        async with _load(cluster, options, recorder):
            await asyncio.sleep(WARM_UP)
            measure(cluster, recorder, "baseline")
            await _inflict_all(cluster, planned, recorder)
            if not await _restored(cluster):
                problems.append("not everybody was up again after the last fault was mended")
            recorder.write("mark", name="quiet")
            await asyncio.sleep(CALM)
        recorder.write("mark", name="load-end")
        if await _drained(cluster):
            recorder.write("mark", name="drained")
        else:
            problems.append(f"the backlog did not drain within {DRAINED_WITHIN:.0f} s")
        await asyncio.sleep(QUIET)
    measure(cluster, recorder, "final")
    return problems


async def _restored(cluster: ChaosCluster) -> bool:
    """Whether everything is as it was at first, the number of workers, too."""
    deadline = time.monotonic() + RESTORED_WITHIN
    while not await ordered(cluster, "/api/workers/scale", {"count": cast.WORKERS_AT_FIRST}):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.25)
    return await cluster.all_up()


@contextlib.asynccontextmanager
async def _load(cluster: ChaosCluster, options: Options, recorder: Recorder) -> AsyncIterator[None]:
    """Clients enqueue as long as this is entered; at its end each call that is under way gets its answer."""
    recorder.write("mark", name="load-begin")
    throttle, wanted = Throttle(options.rate), True
    async with cluster.callers(options.seed), _background(throttle.run()), asyncio.TaskGroup() as group:
        for client in _clients(cluster, options.seed, throttle):
            group.create_task(client.run(lambda: wanted))
        try:
            yield
        finally:
            wanted = False


def _clients(cluster: ChaosCluster, seed: int, throttle: Throttle) -> Iterator[Client]:
    edges = [cluster.edge_url(edge) for edge in cast.EDGES]
    for number in range(1, CLIENTS + 1):
        name = f"client-{number}"
        recorder = Recorder(cluster.history / f"{name}.jsonl", name)
        yield Client(name, edges, throttle, recorder, random.Random(f"{seed} {name}"))


async def _inflict_all(cluster: ChaosCluster, planned: Sequence[Planned], recorder: Recorder) -> None:
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for each in planned:
            await asyncio.sleep(max(0.0, begun + each.at - time.monotonic()))
            print(each, flush=True)
            group.create_task(inflict(cluster, each, recorder))


async def _drained(cluster: ChaosCluster) -> bool:
    deadline = time.monotonic() + DRAINED_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.Error):
            if await cluster.database.unfinished() == 0:
                return True
        await asyncio.sleep(0.25)
    return False


@contextlib.asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` goes on until this is left."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
