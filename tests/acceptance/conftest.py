"""A cluster for the session, a cluster for one test, and its log in the report of a failure."""

import asyncio
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from uuid import uuid4

import docker
import pytest

from cluster.runtime.paths import socket_folder
from tests.acceptance.cluster import RunningCluster
from tests.fixtures.bouncer import Bouncer
from tests.fixtures.eventually import eventually


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
def bouncer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bouncer | None]:
    """PgBouncer between every cluster and PostgreSQL, if BOUNCER_IMAGE names an image of it (`nox -s bouncer`)."""
    if not (image := os.environ.get("BOUNCER_IMAGE")):
        yield None
        return
    request.getfixturevalue("postgres")
    sockets = socket_folder(request.getfixturevalue("postgres_home"))
    bouncer = Bouncer(docker.from_env(), image, sockets, tmp_path_factory.mktemp("bouncer"))
    asyncio.run(eventually(bouncer.answers, timeout=20))
    yield bouncer
    print(bouncer.remove())


@pytest.fixture
def database_url(database_url: str, bouncer: Bouncer | None) -> str:
    """As everywhere; through PgBouncer, if that is what is tested."""
    return database_url if bouncer is None else bouncer.url(database_url.partition("?")[0].rpartition("/")[2])


@pytest.fixture(scope="session")
def fresh_url(bouncer: Bouncer | None) -> Callable[[], str | None]:
    """The URL of a database that `migrate` will create; None = the cluster's own PostgreSQL."""
    return lambda: bouncer and bouncer.url(f"fresh_{uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def shared(fresh_url: Callable[[], str | None]) -> Iterator[RunningCluster]:
    """A cluster with 3 workers of 5 slots, for tests that leave it as they found it."""
    with ending_well(RunningCluster(database_url=fresh_url())) as cluster:
        asyncio.run(cluster.up())
        yield cluster


@pytest.fixture
def own(fresh_url: Callable[[], str | None]) -> Iterator[RunningCluster]:
    """A cluster that is not started yet, for a test that stops, kills or starves something."""
    with ending_well(RunningCluster(database_url=fresh_url())) as cluster:
        yield cluster
