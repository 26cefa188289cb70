"""latency: on an idle system, from sending a task to the moment in which its function is entered."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from cluster.cli.bench.backlog import until_finished
from cluster.cli.bench.figures import Aim, Chart, Figure, Findings, percentile
from cluster.cli.bench.http import CREATED, Caller, post
from cluster.cli.bench.launcher import Cluster, Crew, cluster
from cluster.cli.bench.scenario import Context, Scenario
from cluster.cli.bench.server import Database
from cluster.cli.bench.tasks import STAMP
from cluster.store.bench import entered, look
from cluster.store.pool import connected
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2 import ClientTaskRequest
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub

_REQUEST = post("/api/schedule", msgspec.json.encode({"command": STAMP}))
_SHARES = (0.5, 0.95, 0.99)
_AIMS = {0.5: Aim("≤", 3), 0.99: Aim("≤", 6)}

Send = Callable[[], Awaitable[UUID]]
"""Sends one task and returns its id when it is acknowledged."""


class _Posted(msgspec.Struct):
    task_id: UUID


async def _run(context: Context) -> Findings:
    sizes = context.sizes
    crew = Crew(sizes.workers, edge=True, warm=STAMP)
    async with context.database() as database, cluster(database, crew) as running:
        began, acknowledged = await _by_http(context, database, running)
        by_rpc, _ = await _by_rpc(context, database, running)
    return Findings(
        {"samples": sizes.samples, "pause": sizes.pause, "workers": sizes.workers},
        [
            *_figures("post", "POST → function entered", began, _AIMS),
            *_figures("ack", "POST → answered after COMMIT", acknowledged, {}),
            *_figures("rpc", "SubmitTask → function entered", by_rpc, {}),
        ],
        [Chart("latency, POST or SubmitTask → entered", "% of the samples", "ms",
               {"POST": _curve(began), "SubmitTask": _curve(by_rpc)})],
    )  # fmt: skip


async def _by_http(context: Context, database: Database, running: Cluster) -> tuple[list[float], list[float]]:
    caller = Caller()
    await caller.connect(running.edge_port)

    async def send() -> UUID:
        return msgspec.json.decode(await caller.ask(_REQUEST, CREATED), type=_Posted).task_id

    try:
        return await _sampled(context, database, running, "POST", send)
    finally:
        caller.close()


async def _by_rpc(context: Context, database: Database, running: Cluster) -> tuple[list[float], list[float]]:
    async with open_channel(f"127.0.0.1:{running.coordinator_port}") as channel:
        coordinator = CoordinatorServiceStub(channel)

        async def send() -> UUID:
            return UUID((await coordinator.SubmitTask(ClientTaskRequest(command=STAMP))).task_id)

        return await _sampled(context, database, running, "SubmitTask", send)


async def _sampled(
    context: Context, database: Database, running: Cluster, what: str, send: Send
) -> tuple[list[float], list[float]]:
    """Milliseconds until the function was entered, and until the answer came, of each sample."""
    sizes = context.sizes
    async with connected(database.pool) as connection:
        start = await look(connection)
    await send()  # connects
    sent: dict[UUID, int] = {}
    answered: list[float] = []
    with context.stage(what, sizes.samples) as told:
        for sample in range(sizes.samples):
            # Not in step with anything that looks around at intervals.
            await asyncio.sleep(sizes.pause * random.uniform(0.5, 1.5))  # noqa: S311
            began = time.monotonic_ns()
            sent[await send()] = began
            answered.append((time.monotonic_ns() - began) / 1e6)
            told(sample + 1)
    await until_finished(database, running, start.enqueued + sizes.samples + 1, lambda _look: None)
    async with connected(database.pool) as connection:
        at = await entered(connection, STAMP)
    return [(at[task_id] - began) / 1e6 for task_id, began in sent.items()], answered


def _figures(name: str, label: str, times: list[float], aims: dict[float, Aim]) -> list[Figure]:
    return [
        Figure(f"{name}_p{share * 100:.0f}_ms", f"{label}, p{share * 100:.0f}", percentile(times, share), "ms",
               aims.get(share))
        for share in _SHARES
    ]  # fmt: skip


def _curve(times: list[float]) -> list[tuple[float | str, float]]:
    return [(100 * (place + 1) / len(times), value) for place, value in enumerate(sorted(times))]


SCENARIO = Scenario("latency", "idle system: from POST, and from SubmitTask, to the function being entered", _run)
