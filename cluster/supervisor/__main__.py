"""`taskmaster supervisor`: workers. With `--all`, `taskmaster up`: everything."""

import argparse
import asyncio
import os
import secrets
import socket
from dataclasses import replace
from functools import partial

from cluster.runtime import telemetry
from cluster.runtime.entry import program
from cluster.runtime.lifecycle import Service, running
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown
from cluster.supervisor import ports, roles
from cluster.supervisor.link import Link
from cluster.supervisor.orders import Orders
from cluster.supervisor.report import make_report
from cluster.supervisor.supervisor import Supervisor
from cluster.supervisor.welcome import Welcome


async def workers(settings: Settings) -> None:
    supervisor = Supervisor([], partial(roles.worker, settings), settings.workers)
    await supervise(settings, supervisor)


async def everything(settings: Settings) -> None:
    ports.check(settings)
    if not os.environ.get("WORKER_ADDRESS"):
        # Coordinator and workers are neighbours here, whatever others would call this host.
        settings = replace(settings, worker_host="127.0.0.1")
    supervisor = Supervisor(roles.everything(settings), partial(roles.worker, settings), settings.workers)
    await supervise(settings, supervisor, Welcome(settings))


async def supervise(settings: Settings, supervisor: Supervisor, *more: Service) -> None:
    """Until a signal, or until going on is pointless: then it raises why, after everything has stopped."""
    shutdown = Shutdown(at_once=supervisor.stop_at_once)
    shutdown.install()
    host = socket.gethostname()
    supervisor_id = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
    report = partial(make_report, supervisor_id, host, supervisor.crew)
    link = Link(settings.coordinators, Orders(supervisor), supervisor.exits, report, supervisor.changed)
    async with running(supervisor, link, *more):
        telemetry.emit("supervisor_started", supervisor_id=supervisor_id, workers=settings.workers)
        asked = asyncio.create_task(shutdown.wait())
        given_up = asyncio.create_task(supervisor.given_up())
        await asyncio.wait({asked, given_up}, return_when=asyncio.FIRST_COMPLETED)
        if not shutdown.requested:
            raise given_up.result()
        given_up.cancel()
    telemetry.emit("supervisor_stopped")


def run() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.supervisor", description=__doc__)
    parser.add_argument("--all", action="store_true", help="run everything, not only workers")
    return program("supervisor", everything if parser.parse_args().all else workers)


if __name__ == "__main__":
    raise SystemExit(run())
