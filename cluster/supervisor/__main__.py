"""`taskmaster supervisor`: workers. With `--all`, `taskmaster up`: everything."""

import argparse
import asyncio
import os
import secrets
import socket
from dataclasses import replace
from functools import partial

from cluster.core.errors import CannotStart
from cluster.runtime import telemetry
from cluster.runtime.entry import program
from cluster.runtime.lifecycle import Service, running
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown
from cluster.supervisor import ports
from cluster.supervisor.link import Link
from cluster.supervisor.orders import Orders
from cluster.supervisor.report import make_report
from cluster.supervisor.runtimes.choose import containers
from cluster.supervisor.runtimes.placement import Placement
from cluster.supervisor.runtimes.processes import roles
from cluster.supervisor.runtimes.processes.processes import Processes
from cluster.supervisor.runtimes.runtime import Runtime
from cluster.supervisor.welcome import Welcome


async def workers(settings: Settings) -> None:
    """Only workers, wherever SUPERVISOR_RUNTIME says."""
    placement = _placement(settings)
    if placement.runtime == "processes":
        await supervise(settings, Processes([], partial(roles.worker, settings), settings.workers))
    else:
        await supervise(settings, await containers(placement))


async def everything(settings: Settings) -> None:
    """Everything, on this machine. Raises CannotStart when that is not possible."""
    if (runtime := _placement(settings).runtime) != "processes":
        raise CannotStart(
            f"`taskmaster up` runs processes; with SUPERVISOR_RUNTIME={runtime} the parts are containers, "
            "of which `taskmaster supervisor` scales and kills the workers"
        )
    ports.check(settings)
    if not os.environ.get("WORKER_ADDRESS"):
        # Coordinator and workers are neighbours here, whatever others would call this host.
        settings = replace(settings, worker_host="127.0.0.1")
    processes = Processes(roles.everything(settings), partial(roles.worker, settings), settings.workers)
    await supervise(settings, processes, Welcome(settings))


async def supervise(settings: Settings, runtime: Runtime, *more: Service) -> None:
    """Until a signal, or until going on is pointless: then it raises why, after everything has stopped."""
    shutdown = Shutdown(at_once=runtime.stop_at_once)
    shutdown.install()
    host = socket.gethostname()
    supervisor_id = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
    report = partial(make_report, supervisor_id, host, runtime)
    link = Link(settings.coordinators, Orders(runtime), runtime.exits, report, runtime.changed)
    async with running(runtime, link, *more):
        telemetry.emit("supervisor_started", supervisor_id=supervisor_id, workers=runtime.desired)
        asked = asyncio.create_task(shutdown.wait())
        given_up = asyncio.create_task(runtime.given_up())
        await asyncio.wait({asked, given_up}, return_when=asyncio.FIRST_COMPLETED)
        if not shutdown.requested:
            raise given_up.result()
        given_up.cancel()
    telemetry.emit("supervisor_stopped")


def _placement(settings: Settings) -> Placement:
    return Placement.from_env(os.environ, settings.drain_timeout + roles.DRAIN_MARGIN)


def run() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.supervisor", description=__doc__)
    parser.add_argument("--all", action="store_true", help="run everything, not only workers")
    return program("supervisor", everything if parser.parse_args().all else workers)


if __name__ == "__main__":
    raise SystemExit(run())
