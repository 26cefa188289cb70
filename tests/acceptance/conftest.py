"""A cluster for the session, a cluster for one test, and its log in the report of a failure."""

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.cluster import RunningCluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.acceptance)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    clusters = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, RunningCluster)]
    if report.failed:
        report.sections.extend(("log of the cluster", cluster.log_tail()) for cluster in clusters)
    return report


# Not async fixtures: such a one is made anew for every test, whose event loop it shares.


@contextmanager
def ending_well(cluster: RunningCluster) -> Iterator[RunningCluster]:
    """The cluster, and after the test an end as it should be."""
    try:
        yield cluster
        asyncio.run(cluster.stop())
        cluster.assert_no_traceback()
    except BaseException as error:
        # What is shared ends with the last test of the session, whose report shows only the clusters of that test.
        error.add_note(f"log of {cluster}:\n{cluster.log_tail()}")
        raise
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def shared() -> Iterator[RunningCluster]:
    """A cluster with 3 workers of 5 slots, for tests that leave it as they found it."""
    with ending_well(RunningCluster()) as cluster:
        asyncio.run(cluster.up())
        yield cluster


@pytest.fixture
def own() -> Iterator[RunningCluster]:
    """A cluster that is not started yet, for a test that stops, kills or starves something."""
    with ending_well(RunningCluster()) as cluster:
        yield cluster
