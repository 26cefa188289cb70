"""A Docker engine that is not there, at a unix socket, where DOCKER_HOST points."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cluster.supervisor.runtimes.containers import compose as module
from cluster.supervisor.runtimes.containers.compose import Compose
from cluster.supervisor.runtimes.placement import Placement
from tests.supervisor.containers.fake_engine import FakeEngine
from tests.supervisor.containers.fakes import served
from tests.supervisor.containers.shop import PLACEMENT, Connect


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    fake = FakeEngine()
    # Not tmp_path: the path of a unix socket is short.
    with tempfile.TemporaryDirectory() as folder, served(fake.app(), Path(folder, "engine.sock")) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        yield fake


@pytest.fixture
def connect(engine: FakeEngine) -> Iterator[Connect]:
    """The service `worker` of the project `shop`."""
    with ExitStack() as opened:

        def connect(placement: Placement = PLACEMENT) -> Compose:
            compose = module.connect(placement)
            opened.callback(compose.close)
            return compose

        yield connect
