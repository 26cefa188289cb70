"""Connections run out, in our pools or on the server."""

import asyncio
import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually
from tests.trouble.cast import cluster_of, ending_well, is_a_problem, pids, posting, runs_of
from tests.trouble.server import Server

BOUND = 25


@pytest.fixture(scope="module")
def small(server: Server) -> Iterator[RunningCluster]:
    """A cluster with the smallest pools that are admitted."""
    name = asyncio.run(server.database("small"))
    with ending_well(cluster_of(server.tcp_url(name), DB_POOL_SIZE="4")) as cluster:
        asyncio.run(cluster.up(workers=2))
        yield cluster


@contextlib.contextmanager
def locked(server: Server, table: str) -> Iterator[None]:
    """Every statement that writes to `table` hangs."""
    with psycopg.connect(server.url("small")) as connection:
        connection.execute(f"LOCK {table} IN SHARE MODE")
        yield
        connection.rollback()


async def test_statements_that_hang_cost_503_and_everything_goes_on_when_they_end(
    server: Server, small: RunningCluster
) -> None:
    trace = small.folder / "hanging"
    before = pids(small)
    running = small.enqueue_many("trace", 4, {"path": str(trace), "seconds": 1})
    await eventually(lambda: small.stats()["running"] == 4)

    async with posting(small, trace, clients=12) as posted:
        await eventually(lambda: len(posted.acknowledged) >= 20)
        with locked(server, "tasks"):
            # The pool holds 4 connections: 8 clients wait in vain for one, and 4 for a statement.
            await eventually(lambda: len(posted.refused) >= 12, timeout=BOUND)
        enough = len(posted.acknowledged) + 20
        await eventually(lambda: len(posted.acknowledged) >= enough, timeout=BOUND)

    tasks = await small.finished([*running, *posted.acknowledged], timeout=BOUND)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}
    assert set(runs_of(trace).values()) == {1}
    assert all(map(is_a_problem, posted.refused))
    assert posted.slowest < BOUND
    assert pids(small) == before


@contextlib.contextmanager
def crowd(server: Server) -> Iterator[None]:
    """Others hold every connection that the server takes."""
    with contextlib.ExitStack() as others, server.admin() as admin:
        while True:
            server.terminate(admin)
            try:
                # Our processes want to come back, and may be quicker.
                while True:
                    others.enter_context(psycopg.connect(server.url("postgres")))
            except psycopg.OperationalError:
                if server.backends(admin) == 0:
                    break
        yield


async def test_a_server_with_too_many_clients_is_an_outage_like_any_other(
    server: Server, small: RunningCluster
) -> None:
    trace = small.folder / "crowd"
    before = pids(small)
    running = small.enqueue_many("trace", 4, {"path": str(trace), "seconds": 1})
    await eventually(lambda: small.stats()["running"] == 4)

    with crowd(server):
        assert is_a_problem(small.http.post("/api/schedule", json={"command": "trace"}, timeout=BOUND))
        await eventually(lambda: len(runs_of(trace)) == 4)

    await eventually(small.is_ready, timeout=BOUND)
    tasks = await small.finished(running, timeout=BOUND)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}
    assert set(runs_of(trace).values()) == {1}
    assert "too many clients" in small.log_text(), "nobody can see why"
    assert pids(small) == before
