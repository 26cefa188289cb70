"""What a task costs on its way through a running coordinator and a worker, counted: statements, messages, calls.

No clock decides here: the worker counts as equally fast all the time and lingers until its messages are full, even if
it has nothing more to do, and no claim counts as slow. So all that a busy machine changes is how much is written at
once, and more at once is cheaper. The ceilings are what these parts can cost at worst, not what they cost mostly.
"""

import math
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from cluster.core.budget import Budget
from cluster.core.dispatch import CompletionRate
from cluster.worker.gathering import Gathering
from tests.coordinator.conftest import add
from tests.coordinator.counting import Calls, NoopWorker, Statements
from tests.coordinator.peer import PeerWorker
from tests.fixtures.eventually import eventually
from tests.store.made import scalar

THOUSANDS = 10
TASKS = 1_000 * THOUSANDS
"""A multiple of what a worker tells in one message."""
RATE, AHEAD = 10_000.0, 4_000
"""How fast the worker seems to be, in tasks per second, and what it is fed therefore."""
CLAIMS, LEASING, FLUSHES, UP, DOWN, OTHERS = 2.0, 1.0, 2.0, 2.5, 6.0, 30.0
"""For a thousand tasks. Claims, and those of them that leased something. At most a flush for each message of 500; a
message down for each claim, for each 500 that it leased, and for each flush. Other statements go on by the clock, and
would be a thousand if each task had one."""
COORDINATOR_CALLS, WORKER_CALLS = 28.0, 32.0
"""For one task: a third more than there were when this was written, 22 and 24.7. Below a half, something is not counted
any more, or it is time for lower ceilings."""
BITE = 2_000


@pytest.fixture(autouse=True)
def timeless(monkeypatch) -> None:
    add_ended = Gathering.add_ended
    monkeypatch.setattr(CompletionRate, "per_second", lambda *_: RATE)
    monkeypatch.setattr("cluster.store.floors.SLOW", math.inf)
    monkeypatch.setattr("cluster.worker.gathering.LINGER_SECONDS", 60.0)
    monkeypatch.setattr(Gathering, "add_ended", lambda self, run, _others_wait: add_ended(self, run, True))
    monkeypatch.setattr("cluster.worker.slots.ANNOUNCE_NS", 60_000_000_000)


@pytest_asyncio.fixture
async def backlog(conn) -> None:
    """So many that there are more at hand all the time: nobody looks in vain."""
    for _ in range(0, TASKS + 2 * AHEAD, BITE):
        await add(conn, BITE)


@asynccontextmanager
async def done(conn, stub):
    """A worker that has completed TASKS no-ops."""

    async def finished() -> bool:
        return await scalar(conn, "SELECT count(*) FROM task_history") == TASKS

    async with NoopWorker(stub, TASKS) as worker:
        await worker.heartbeat()
        await eventually(finished, timeout=60)
        yield worker


async def test_a_thousand_tasks_cost_a_claim_two_flushes_and_a_few_messages(backlog, conn, stub, monkeypatch):
    statements = Statements(monkeypatch, without=conn)
    async with done(conn, stub) as worker:
        claims, flushes = statements.named("claim"), statements.named("finish")
        others = statements.answers - claims - flushes
        up, down = worker.up, worker.down
    assert 0 < claims / THOUSANDS <= CLAIMS
    assert 0 < flushes / THOUSANDS <= FLUSHES
    assert 0 < up / THOUSANDS <= UP
    assert 0 < down / THOUSANDS <= DOWN
    assert 0 < others / THOUSANDS <= OTHERS, statements.sent
    # PostgreSQL says so, too: a token for each claim that leased something, a transaction for each flush.
    assert await scalar(conn, "SELECT count(DISTINCT lease_token) FROM task_history") <= LEASING * THOUSANDS
    assert await scalar(conn, "SELECT count(DISTINCT xmin::text) FROM task_history") <= FLUSHES * THOUSANDS


async def test_what_is_reported_while_a_flush_is_written_shares_the_next(conn, coordinator, stub, monkeypatch):
    statements = Statements(monkeypatch, without=conn)
    await add(conn, BITE)

    def told() -> bool:
        return sum(session.ending for session in coordinator._sessions.all()) == BITE

    async with PeerWorker(stub, slots=50) as worker:
        await worker.heartbeat()
        leases = await worker.given(BITE)
        statements.held = "finish"
        for first in range(0, BITE, 100):
            await worker.complete(leases[first : first + 100])
        await eventually(told)
        statements.go_on.set()
        await worker.settled()
    assert 0 < statements.named("finish") <= 2
    assert await scalar(conn, "SELECT count(DISTINCT xmin::text) FROM task_history") <= 2


async def test_the_calls_that_a_task_costs_its_coordinator_and_its_worker_are_few(backlog, conn, stub, monkeypatch):
    # What is told one by one is bounded by this budget, not by the tasks.
    monkeypatch.setattr(Budget, "take", lambda *_: 0)
    calls = Calls()
    with calls.counted():
        async with done(conn, stub):
            coordinator = calls.per_task(TASKS, ("coordinator", "core", "runtime", "store", "wire"))
            worker = calls.per_task(TASKS, ("worker",))
    assert COORDINATOR_CALLS / 2 < sum(coordinator.values()) <= COORDINATOR_CALLS, coordinator
    assert WORKER_CALLS / 2 < sum(worker.values()) <= WORKER_CALLS, worker
