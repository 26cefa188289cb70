"""The end of a worker: take no more, finish what runs, tell it, leave."""

import asyncio
import os
import threading

from cluster.core.errors import CoordinatorUnavailable
from cluster.runtime import telemetry
from cluster.worker.leases import Leases
from cluster.worker.session import Session

SETTLE_SECONDS = 5.0
"""How long we wait, when nothing runs any more, for a coordinator to commit what we told it."""
EXIT_SECONDS = 8.0
"""How long the process may take to end after its last word; user code may hold it with threads of its own."""


async def drain(leases: Leases, session: Session, timeout: float) -> None:
    """Give back what has not begun, wait `timeout` seconds for what runs, then end and give back that, too.

    Returns when the coordinator has settled everything. Raises CoordinatorUnavailable when it does not: then the
    leases are rescued with our session, and the tasks run again.
    """
    telemetry.emit("draining", held=len(leases))
    leases.drain()
    await session.drain()
    if await _settled(leases, timeout):
        return
    leases.give_up()
    if not await _settled(leases, SETTLE_SECONDS):
        raise CoordinatorUnavailable(f"{len(leases)} outcomes could not be reported; these tasks will run again")


async def _settled(leases: Leases, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await leases.settled()
    except TimeoutError:
        return False
    return True


def leave_within(seconds: float, code: int) -> None:
    """The process ends by then, whatever threads user code left behind."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
