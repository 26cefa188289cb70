"""rows: an empty system beside one with many waiting and many more finished tasks: does anything get slower?"""

import statistics
import time
from contextlib import closing
from operator import attrgetter
from typing import NamedTuple

from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.http import CREATED, Caller, get, post
from cluster.cli.bench.launcher import Crew, cluster
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.server import Database
from cluster.store.bare import BareFigures, run_bare
from cluster.store.bench import fill_history, fill_pending, tidy
from cluster.store.pool import connected

PAGE = 100
DAYS = 10
"""Over which the finished tasks are spread."""
ROUNDS = 10
"""What is compared is asked in turns, so that a busy moment of the machine hits both systems."""


class _Call(NamedTuple):
    label: str
    request: bytes
    expected: int = 200


_CALLS = {
    "post": _Call("POST /api/schedule", post("/api/schedule", b'{"command":"noop"}'), CREATED),
    "stats": _Call("GET /api/stats", get("/api/stats")),
    "page": _Call("GET /api/tasks", get(f"/api/tasks?limit={PAGE}")),
    "complete": _Call("GET /api/tasks, finished ones", get(f"/api/tasks?limit={PAGE}&status=COMPLETE")),
    "queued": _Call("GET /api/tasks, waiting ones", get(f"/api/tasks?limit={PAGE}&status=QUEUED")),
}

Times = dict[str, tuple[float, float]]
"""By what was asked: milliseconds in the empty system and in the full one."""


async def _run(context: Context) -> Findings:
    sizes = context.sizes
    async with context.database() as empty, context.database() as full:
        async with connected(empty.pool) as connection:
            # A page's worth, so that the pages of both systems are equally long.
            await fill_pending(connection, PAGE)
        await _fill(context, full)
        times = await _batches(context, empty, full) | await _calls(context, empty, full)
    labels = {"claim": f"claim {sizes.batch}", "finish": f"finish {sizes.batch}"}
    labels |= {name: call.label for name, call in _CALLS.items()}
    bars: list[tuple[float | str, float]] = [(name, large / small) for name, (small, large) in times.items()]
    return Findings(
        {"pending": sizes.pending, "history": sizes.history, "calls": sizes.calls, "batch": sizes.batch},
        [figure for name, (small, large) in times.items() for figure in _figures(name, labels[name], small, large)],
        [Chart(f"{sizes.pending:,} waiting, {sizes.history:,} finished, to empty", "", "×", {"": bars}, "bar")],
    )


def _figures(name: str, label: str, small: float, large: float) -> list[Figure]:
    return [
        Figure(f"{name}_empty_ms", f"{label}, empty", small, "ms"),
        Figure(f"{name}_full_ms", f"{label}, full", large, "ms"),
        Figure(f"{name}_ratio", f"{label}, full to empty", large / small, "×", Aim("≤", 1.3)),
    ]


async def _batches(context: Context, *systems: Database) -> Times:
    """A batch claimed, and a batch finished: medians of rounds, in turns."""
    sizes = context.sizes
    share = max(1, sizes.calls // ROUNDS)
    rounds: list[list[BareFigures]] = [[] for _ in systems]
    with context.stage("claim and finish", ROUNDS) as told:
        for number in range(ROUNDS):
            for system, done in zip(systems, rounds, strict=True):
                async with connected(system.pool) as connection:
                    done.append(await run_bare(connection, share * sizes.batch, sizes.batch))
            told(number + 1)
    claims, finishes = (
        tuple(statistics.median(seconds(bare) for bare in done) / share * 1e3 for done in rounds)
        for seconds in (attrgetter("claim_seconds"), attrgetter("finish_seconds"))
    )
    return {"claim": (claims[0], claims[1]), "finish": (finishes[0], finishes[1])}


async def _calls(context: Context, empty: Database, full: Database) -> Times:
    """Medians of HTTP requests, in turns. Both systems have an edge and no workers, so nobody claims what waits."""
    crew = Crew(workers=0, edge=True)
    found: Times = {}
    async with cluster(empty, crew) as small, cluster(full, crew) as large:
        with closing(Caller()) as of_small, closing(Caller()) as of_large:
            await of_small.connect(small.edge_port)
            await of_large.connect(large.edge_port)
            for name, call in _CALLS.items():
                times: list[tuple[float, float]] = []
                with context.stage(call.label, context.sizes.calls) as told:
                    for number in range(context.sizes.calls):
                        times.append((await _timed(of_small, call), await _timed(of_large, call)))
                        told(number + 1)
                smalls, larges = zip(*times, strict=True)
                found[name] = statistics.median(smalls), statistics.median(larges)
    return found


async def _timed(caller: Caller, call: _Call) -> float:
    """Milliseconds."""
    began = time.monotonic()
    await caller.ask(call.request, call.expected)
    return (time.monotonic() - began) * 1e3


async def _fill(context: Context, database: Database) -> None:
    sizes = context.sizes
    with context.stage(f"fill in {sizes.history:,} + {sizes.pending:,} rows", 3) as told:
        async with connected(database.pool) as connection:
            await fill_history(connection, sizes.history, DAYS)
            told(1)
            await fill_pending(connection, sizes.pending)
            told(2)
            await tidy(connection)


SCENARIO = Scenario("rows", "claim, finish, POST, stats and lists: an empty system beside a full one", _run)
