"""What both deliveries, `stream` and `push`, have in common: one that dies does not die in silence."""

from collections.abc import Awaitable, Callable

from cluster.coordinator.session import WorkerSession
from cluster.runtime import telemetry

Gone = Callable[[WorkerSession, str], Awaitable[None]]
"""Called with a session and why its worker can be reached no more."""


async def kept_up(session: WorkerSession, work: Callable[[], Awaitable[None]], on_gone: Gone) -> None:
    """Do the `work` of a delivery. If it fails, an event tells why, and the session ends: else its heartbeats would
    keep leases alive that nobody hands over and whose outcomes nobody hears."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - nobody awaits a delivery before it is stopped
        telemetry.emit("delivery_failed", level="error", worker=session.name, error=repr(error), exc_info=error)
        # The fault is ours, so none of its tasks is to blame: the first reason stays.
        reason = f"it cannot be served: {error!r}"
        session.end(reason, crashed=False)
        await on_gone(session, reason)
