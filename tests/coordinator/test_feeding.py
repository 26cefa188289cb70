"""How far ahead workers are fed, beside workers of their kind that are faster or slower."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from cluster.store.counters import totals
from cluster.store.pool import Connection
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add
from tests.coordinator.peer import Lease, PeerWorker, outcome
from tests.fixtures.eventually import eventually

SLOTS = 5


@asynccontextmanager
async def answering(worker: PeerWorker, answer: Callable[[list[Lease]], Awaitable[None]]) -> AsyncIterator[None]:
    """Within the block, `answer` is called with whatever else the worker was given by then."""

    async def go_on() -> None:
        seen = len(worker.leases)
        while True:
            if fresh := worker.leases[seen:]:
                seen += len(fresh)
                await answer(fresh)
            await asyncio.sleep(0.001)

    answers = asyncio.create_task(go_on())
    try:
        yield
    finally:
        answers.cancel()
        with suppress(asyncio.CancelledError):
            await answers


async def pair(start_worker) -> tuple[PeerWorker, PeerWorker]:
    workers = [await start_worker(name=name, slots=SLOTS) for name in ("quick", "stuck")]
    await eventually(lambda: all(worker.streams for worker in workers))
    return workers[0], workers[1]


async def completed(conn: Connection, count: int) -> None:
    async def done() -> bool:
        return (await totals(conn)).completed == count

    await eventually(done, timeout=30)


async def test_a_worker_in_long_tasks_is_not_fed_for_the_speed_of_another(conn, start_worker):
    quick, stuck = await pair(start_worker)
    async with answering(quick, quick.complete):
        await add(conn, 3_000)
        await completed(conn, 3_000 - SLOTS)
    assert len(stuck.leases) == SLOTS


async def test_a_worker_that_gets_stuck_is_not_fed_again_and_again(conn, start_worker):
    quick, stuck = await pair(start_worker)
    async with answering(quick, quick.complete), answering(stuck, stuck.complete):
        await add(conn, 3_000)
        await completed(conn, 3_000)
    assert len(stuck.leases) > 100, "it was as quick as the other one"
    kept: list[Lease] = []
    bites: list[list[Lease]] = []

    async def keep_some(leases: list[Lease]) -> None:
        missing = SLOTS - len(kept)
        kept.extend(leases[:missing])
        if back := leases[missing:]:
            bites.append(back)
            await stuck.report(*(outcome(lease, pb.RELEASED) for lease in back))
            await stuck.settled()

    async with answering(quick, quick.complete), answering(stuck, keep_some):
        await add(conn, 6_000)
        await completed(conn, 9_000 - SLOTS)
    assert len(bites) <= 5, "messages of what it was given before it gave something back, and of one claim under way"
