"""ingest: tasks enter over HTTP, acknowledged after COMMIT, while the workers do them; and straight into PostgreSQL."""

import time

from cluster.cli.bench.backlog import AT_ONCE, add, until_finished
from cluster.cli.bench.client import posted
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings
from cluster.cli.bench.launcher import Cluster, Crew, cluster
from cluster.cli.bench.load import Requests
from cluster.cli.bench.meter import cost, read
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.server import Database
from cluster.store.bench import look
from cluster.store.pool import connected


async def _run(context: Context) -> Findings:
    sizes = context.sizes
    async with context.database() as database:
        direct = await _direct(context, database)
    async with context.database() as database, cluster(database, Crew(sizes.workers, edge=True)) as running:
        single = await _over_http(context, database, running, 1, "single POSTs", Aim("≥", 3_000))
        several = await _over_http(context, database, running, sizes.posted, f"batches of {sizes.posted:,}", None)
    bars: list[tuple[float | str, float]] = [("single", single[0].value), ("batches", several[0].value)]
    bars += [("straight into\nPostgreSQL", direct), ("PostgreSQL\nalone", context.bare.enqueue_rate)]
    return Findings(
        {"seconds": sizes.ingest_seconds, "connections": sizes.connections, "senders": sizes.senders,
         "pipeline": sizes.pipeline,
         "workers": sizes.workers, "batch": sizes.posted},
        [
            *single, *several,
            Figure("direct_per_second", f"enqueue without HTTP, one connection, {AT_ONCE:,} at once", direct, "/s",
                   bare=context.bare.enqueue_rate),
        ],
        [Chart("ingest", "", "tasks/s", {"": bars}, "bar")],
    )  # fmt: skip


async def _over_http(
    context: Context, database: Database, running: Cluster, tasks: int, what: str, aim: Aim | None
) -> list[Figure]:
    """The meters are read before the first task enters and after the last one finished: a whole life of each."""
    sizes = context.sizes
    kind, connections = ("single", sizes.connections) if tasks == 1 else ("batch", sizes.senders)
    requests = Requests(running.edge_port, tasks, sizes.ingest_seconds, connections, sizes.pipeline)
    async with connected(database.pool) as connection:
        start = await look(connection)
    before = await read(database, running)
    with context.stage(what, sizes.ingest_seconds) as told:
        came = await posted(running, requests, told)
    await until_finished(database, running, start.enqueued + came.tasks, lambda _look: None)
    after = await read(database, running)
    return [
        Figure(f"{kind}_per_second", f"{what}, tasks acknowledged", came.tasks / came.seconds, "/s", aim,
               context.bare.enqueue_rate),
        Figure(f"{kind}_p50_ms", f"{what}, answered, p50", came.p50_ms, "ms"),
        Figure(f"{kind}_p99_ms", f"{what}, answered, p99", came.p99_ms, "ms"),
        *cost(before, after, came.tasks, client_seconds=came.cpu_seconds, name=f"{kind}_", label=f"{what}, "),
    ]  # fmt: skip


async def _direct(context: Context, database: Database) -> float:
    """Tasks per second through one connection, a COMMIT after each batch."""
    tasks = context.bare.tasks
    began = time.monotonic()
    with context.stage("straight into PostgreSQL", tasks) as told:
        async with connected(database.pool) as connection:
            for first in range(0, tasks, AT_ONCE):
                await add(connection, AT_ONCE)
                told(first)
    return tasks / (time.monotonic() - began)


SCENARIO = Scenario(
    "ingest", "tasks enter over HTTP, one a request and many a request, while the workers do them", _run
)
