"""From SUPERVISOR_RUNTIME to what runs the workers. An engine's library is imported only where it is chosen."""

import asyncio
from importlib import import_module

from cluster.core.errors import CannotStart
from cluster.supervisor.runtimes.containers.containers import Containers
from cluster.supervisor.runtimes.containers.engine import Engine
from cluster.supervisor.runtimes.placement import Placement

EXTRAS = {"compose": "compose", "swarm": "compose", "kubernetes": "kubernetes"}
"""Runtimes in containers: each is a module of its name with a function `connect`, and needs this extra."""


async def containers(placement: Placement) -> Containers:
    """Raises CannotStart when the engine's library is missing, or the engine, or the service in it."""
    return Containers(await asyncio.to_thread(_connect, placement))


def _connect(placement: Placement) -> Engine:
    runtime = placement.runtime
    try:
        module = import_module(f"cluster.supervisor.runtimes.containers.{runtime}")
    except ModuleNotFoundError as error:
        raise CannotStart(
            f"SUPERVISOR_RUNTIME={runtime} needs the package {error.name}: "
            f"pip install 'taskmaster-cluster[{EXTRAS[runtime]}]'"
        ) from error
    engine: Engine = module.connect(placement)
    return engine
