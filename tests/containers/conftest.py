"""An engine, the image, and one compose project for the tests that may share it."""

import asyncio
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from testcontainers.core.config import testcontainers_config

from tests.containers.engine import build, connect
from tests.containers.stack import Stack
from tests.fixtures.eventually import eventually

BUILT = "taskmaster:test"

# Its janitor is one more image to have; what the tests start they end themselves.
testcontainers_config.ryuk_disabled = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.containers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        stacks = {value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Stack)}
        report.sections.extend(("log of the stack", stack.run("logs", "--tail", "20")) for stack in stacks)
    return report


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(engine: docker.DockerClient) -> Iterator[str]:
    """The image of this checkout, or the one that TASKMASTER_IMAGE names."""
    if named := os.environ.get("TASKMASTER_IMAGE"):
        yield named
        return
    build(BUILT)
    yield BUILT
    engine.images.remove(BUILT, force=True)


@contextmanager
def standing(stack: Stack) -> Iterator[Stack]:
    """The stack, and at the end nothing of it left on the engine."""
    try:
        asyncio.run(stack.up())
        yield stack
    finally:
        stack.down()
        assert stack.left() == []


@pytest.fixture(scope="session")
def shared(engine: docker.DockerClient, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing(Stack(engine, image, tmp_path_factory.mktemp("shared"))) as stack:
        yield stack


@pytest.fixture
async def stack(shared: Stack) -> Stack:
    """The shared stack, whole again whatever the test before did to it."""
    # Compose would start what the supervisor takes away at that moment.
    await eventually(lambda: not shared.supervised() or not shared.leaving(), 90, 0.2)
    await shared.up()
    return shared
