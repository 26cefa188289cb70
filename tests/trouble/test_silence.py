"""The line to PostgreSQL acknowledges everything and delivers nothing: no timeout of TCP or of the server helps."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import LineInThread, line_in_thread
from tests.trouble.cast import cluster_of, ending_well, is_a_problem, pids, runs_of
from tests.trouble.server import Server

BOUND = 25


@pytest.fixture
def far(server: Server) -> Iterator[tuple[RunningCluster, LineInThread]]:
    """A cluster at the far end of a line."""
    name = asyncio.run(server.database("silent"))
    with line_in_thread(server.url(name)) as line, ending_well(cluster_of(line.url)) as cluster:
        asyncio.run(cluster.up(workers=1))
        yield cluster, line


async def test_a_silent_line_is_given_up_and_everything_goes_on_over_another(
    far: tuple[RunningCluster, LineInThread],
) -> None:
    cluster, line = far
    trace = cluster.folder / "silence"
    before = pids(cluster)
    running = cluster.enqueue_many("trace", 3, {"path": str(trace), "seconds": 1})
    await eventually(lambda: cluster.stats()["running"] == 3)

    line.silence()
    try:
        assert is_a_problem(cluster.http.post("/api/schedule", json={"command": "trace"}, timeout=BOUND))
        assert len(runs_of(trace)) == 3
    finally:
        line.mend()

    await eventually(cluster.is_ready, timeout=BOUND)
    tasks = await cluster.finished(running, timeout=BOUND)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}
    assert set(runs_of(trace).values()) == {1}
    assert pids(cluster) == before
