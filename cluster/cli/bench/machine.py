"""Where and with what it was measured."""

import asyncio
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from cluster.cli.bench.server import Database
from cluster.core.version import __version__
from cluster.store.bench import server_settings
from cluster.store.pool import connected


@dataclass(frozen=True, slots=True)
class Machine:
    """`load`: processes that wanted a core during the minute before the run: 0 on a machine that is quiet. Memory in
    GiB.
    """

    cpu: str
    cores: int
    memory: float
    system: str
    load: float
    python: str
    loop: str
    taskmaster: str
    postgresql: str
    settings: dict[str, str]


async def machine(database: Database) -> Machine:
    """This machine, the server of this database, and the settings that figures must be read with."""
    async with connected(database.pool) as connection:
        found = await server_settings(connection)
    return Machine(
        cpu=_cpu_name(),
        cores=os.cpu_count() or 1,
        memory=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        load=round(psutil.getloadavg()[0], 2),
        python=f"{platform.python_version()} ({sys.implementation.name})",
        loop=type(asyncio.get_running_loop()).__module__.split(".")[0],
        taskmaster=_version(),
        postgresql=found.pop("server_version"),
        settings=found,
    )


def _version() -> str:
    """With the commit, where it is run from a checkout."""
    checkout = Path(__file__).parents[3]
    git = shutil.which("git")
    if git is None or not (checkout / ".git").exists():
        return __version__
    asked = [git, "-C", str(checkout), "describe", "--always", "--dirty"]
    commit = subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603
    return f"{__version__} ({commit})" if commit else __version__


def _cpu_name() -> str:
    """The processor as Linux names it, else the architecture."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
