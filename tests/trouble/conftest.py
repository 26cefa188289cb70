"""A server for the session, and a cluster for each module that wants one."""

import asyncio
from collections.abc import Generator, Iterator

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.trouble.cast import cluster_of, ending_well
from tests.trouble.server import Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.acceptance)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    for value in getattr(item, "funcargs", {}).values():
        if report.failed and isinstance(value, RunningCluster):
            report.sections.append(("log of the cluster", value.log_tail()))
        elif report.failed and isinstance(value, Server):
            report.sections.append(("log of PostgreSQL", value.log[-5000:]))
    return report


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that every test leaves running."""
    server = Server()
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.remove())


@pytest.fixture(scope="module")
def cluster(server: Server) -> Iterator[RunningCluster]:
    """`taskmaster up` with 2 workers on that server."""
    name = asyncio.run(server.database("scheduler"))
    with ending_well(cluster_of(server.tcp_url(name))) as cluster:
        asyncio.run(cluster.up(workers=2))
        yield cluster
