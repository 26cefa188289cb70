"""PostgreSQL goes away and comes back, and that is all that has to be done."""

from collections.abc import Awaitable, Callable

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually
from tests.trouble.cast import is_a_problem, pids, posting, runs_of
from tests.trouble.server import Server

Trouble = Callable[[Server], Awaitable[None]]
BOUND = 25
"""Seconds, generously: nobody waits for an answer longer than that."""


async def restarted(server: Server) -> None:
    await server.stop()
    await server.start()


async def crashed(server: Server) -> None:
    await server.crash()
    await server.start()


async def killed(server: Server) -> None:
    await server.kill()
    await server.start()


async def terminated(server: Server) -> None:
    assert server.terminate() > 0


async def stormed(server: Server) -> None:
    for _ in range(5):
        await eventually(server.terminate)


@pytest.mark.parametrize("trouble", [restarted, crashed, killed, terminated, stormed])
async def test_under_load_nothing_is_lost_nothing_runs_twice_and_no_process_restarts(
    trouble: Trouble, server: Server, cluster: RunningCluster
) -> None:
    trace = cluster.folder / trouble.__name__
    before, told = pids(cluster), len(cluster.log_text().splitlines())
    running = cluster.enqueue_many("trace", 6, {"path": str(trace), "seconds": 2})
    await eventually(lambda: cluster.stats()["running"] == 6)

    async with posting(cluster, trace) as posted:
        await eventually(lambda: len(posted.acknowledged) >= 20, timeout=BOUND)
        await trouble(server)
        enough = len(posted.acknowledged) + 20
        await eventually(lambda: len(posted.acknowledged) >= enough, timeout=BOUND)

    tasks = await cluster.finished([*running, *posted.acknowledged], timeout=BOUND)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}
    runs = runs_of(trace)
    assert set(runs.values()) == {1}, "a task ran twice"
    assert runs.keys() >= {task["id"] for task in tasks}
    assert all(map(is_a_problem, posted.refused))
    assert posted.slowest < BOUND
    assert pids(cluster) == before, "a process restarted"
    assert len(cluster.log_text().splitlines()) - told < 200, "the log is flooded"


async def test_during_an_outage_posts_are_refused_and_what_runs_goes_on_and_reports_afterwards(
    server: Server, cluster: RunningCluster
) -> None:
    trace = cluster.folder / "away"
    before = pids(cluster)
    running = cluster.enqueue_many("trace", 6, {"path": str(trace), "seconds": 2})
    await eventually(lambda: cluster.stats()["running"] == 6)
    told = len(cluster.log_text().splitlines())

    await server.stop()
    try:
        assert is_a_problem(cluster.http.post("/api/schedule", json={"command": "trace"}, timeout=BOUND))
        assert is_a_problem(cluster.http.post("/api/schedule/batch", json={"command": "trace", "count": 3}))
        await eventually(lambda: len(runs_of(trace)) == 6)
        assert cluster.answers("/healthz")
        assert not cluster.is_ready()
    finally:
        await server.start()

    await eventually(cluster.is_ready, timeout=BOUND)
    tasks = await cluster.finished(running, timeout=BOUND)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}
    assert set(runs_of(trace).values()) == {1}
    assert pids(cluster) == before, "a process restarted"
    assert len(cluster.log_text().splitlines()) - told < 200, "the log is flooded"
