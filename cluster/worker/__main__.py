"""The worker program: parts built, started in order, drained on SIGTERM, stopped in reverse."""

import asyncio
import os
import socket
from collections.abc import Coroutine, Mapping
from typing import Any

from cluster.runtime.entry import program
from cluster.runtime.lifecycle import running
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown
from cluster.runtime.variables import Address
from cluster.wire.channel import Server
from cluster.wire.taskmaster_pb2_grpc import add_WorkerServiceServicer_to_server
from cluster.worker.blocked import BlockedLoop
from cluster.worker.builtins import built_in
from cluster.worker.children import Children
from cluster.worker.coordinators import Coordinators
from cluster.worker.drain import EXIT_SECONDS, drain, leave_within
from cluster.worker.guardian import Guardian
from cluster.worker.invoke import Prepared
from cluster.worker.leases import Leases
from cluster.worker.loading import load
from cluster.worker.offers import offers
from cluster.worker.server import SERVICE, WorkerServicer
from cluster.worker.session import Identity, Session
from cluster.worker.stuck import StuckLoop
from cluster.worker.updates import Updates
from cluster.worker.vitals import Vitals

HEARTBEAT_SECONDS = 2.0
"""The least time a coordinator gets to answer a heartbeat."""


def main(settings: Settings) -> Coroutine[Any, Any, None]:
    """Load the task modules, before there is a loop that they could block, and return what is to be run."""
    guardian = Guardian()
    return work(settings, load(settings.task_modules, built_in(settings, guardian)), guardian)


async def work(settings: Settings, handlers: Mapping[str, Prepared], guardian: Guardian) -> None:
    """One life of a worker, until a signal ends it and everything it held is settled."""
    shutdown = Shutdown()
    shutdown.install()
    children = Children(settings.task_modules, settings.log_format, guardian)
    leases = Leases(settings.worker_pool_size, handlers, children)
    blocked = BlockedLoop(leases.executor)
    vitals = Vitals(leases.executor.lag, blocked.latest)
    # No longer than an interval: behind a frozen coordinator another one must be found before our session expires.
    coordinators = Coordinators(settings.coordinators, call_seconds=max(HEARTBEAT_SECONDS, settings.heartbeat_interval))
    server = Server(_listen_host(settings.worker_host), settings.worker_port, (SERVICE,))

    def over() -> None:
        servicer.shut_stream()
        leases.drop()

    session = Session(
        _identity(settings, handlers),
        coordinators,
        settings.heartbeat_interval,
        health=vitals.health,
        over=over,
    )
    servicer = WorkerServicer(leases, session, settings.worker_pool_size, frozenset(handlers))
    add_WorkerServiceServicer_to_server(servicer, server.grpc)
    updates = Updates(coordinators, leases, lambda: session.worker_id)
    stuck = StuckLoop(leases)
    code = 1
    try:
        async with running(guardian, children, leases, blocked, vitals, stuck, coordinators, updates, server):
            session.address = str(Address(settings.worker_host, server.port))
            async with running(session):
                await _first(shutdown.wait(), stuck.wait())
                await drain(leases, session, settings.drain_timeout)
            # Or the server would wait for its end, which only a coordinator that is told by it can bring.
            servicer.shut_stream()
        stuck.check()
        code = 0
    finally:
        leave_within(EXIT_SECONDS, code)


async def _first(*waits: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _identity(settings: Settings, handlers: Mapping[str, Prepared]) -> Identity:
    offered = tuple(offers(prepared.handler for prepared in handlers.values()))
    return Identity(settings.worker_name, settings.worker_pool_size, offered, socket.gethostname(), os.getpid())


def _listen_host(announced: str) -> str:
    """On loopback if that is what we announce, else on every interface: the announced name may be a router's."""
    if announced in {"localhost", "::1"} or announced.startswith("127."):
        return announced
    return "::" if ":" in announced else "0.0.0.0"  # noqa: S104


def run() -> int:
    return program("worker", main, lambda settings: {"worker": settings.worker_name})


if __name__ == "__main__":
    raise SystemExit(run())
