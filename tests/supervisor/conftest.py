"""A troupe of actors instead of the real roles."""

from pathlib import Path

import pytest

from tests.supervisor.fixtures.troupe import Troupe


@pytest.fixture
def troupe(tmp_path: Path) -> Troupe:
    return Troupe(tmp_path)
