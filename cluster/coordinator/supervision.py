"""Orders go down the stream that a supervisor opened; what became of them comes back up, and which workers have ended.

Orders live in PostgreSQL until they are done: a lost stream, coordinator or supervisor only delays them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc

from cluster.coordinator.feed import Feed
from cluster.coordinator.reports import text
from cluster.coordinator.sessions import Sessions
from cluster.core.errors import StoreUnavailable
from cluster.core.events import EventName
from cluster.runtime import telemetry
from cluster.store import orders as store
from cluster.store.pool import Pool, connected
from cluster.wire import taskmaster_pb2 as pb

LOOK = 1.0
"""Seconds between two looks for orders when nobody wakes us."""

_EVENTS = {
    "scale": EventName.WORKERS_SCALED,
    "kill": EventName.WORKER_KILLED,
    "drain": EventName.WORKER_DRAINING,
}
"""What is told when an order is settled."""
Write = Callable[[pb.SupervisorOrder], Awaitable[None]]


class Supervision:
    """State: the events that wake the streams of the connected supervisors, one for each, and whether it is closed."""

    def __init__(self, pool: Pool, feed: Feed, sessions: Sessions) -> None:
        self._pool = pool
        self._feed = feed
        self._sessions = sessions
        self._streams: set[asyncio.Event] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Supervision streams={len(self._streams)}>"

    def wake(self) -> None:
        """An order may have been written."""
        for woken in self._streams:
            woken.set()

    async def start(self) -> None:
        self._closed = False

    async def stop(self) -> None:
        """End every stream; the supervisors find another coordinator."""
        self._closed = True
        self.wake()

    async def serve(self, reports: AsyncIterator[pb.SupervisorReport], write: Write) -> None:
        """One stream, until the supervisor or this coordinator ends it."""
        woken = asyncio.Event()
        first = await anext(aiter(reports), None)
        if first is None:
            return
        self._streams.add(woken)
        reading = asyncio.create_task(self._read(first, reports, woken), name="supervisor reports")
        try:
            while not self._closed and not reading.done():
                woken.clear()
                await self._hand_down(first.supervisor_id, write)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await woken.wait()
        finally:
            self._streams.discard(woken)
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
                await reading

    async def _read(
        self, first: pb.SupervisorReport, reports: AsyncIterator[pb.SupervisorReport], woken: asyncio.Event
    ) -> None:
        try:
            await self._settle(first)
            async for report in reports:
                await self._settle(report)
        finally:
            woken.set()

    async def _hand_down(self, supervisor_id: str, write: Write) -> None:
        try:
            async with connected(self._pool) as connection:
                orders = await store.take_orders(connection, supervisor_id)
        except StoreUnavailable as error:
            telemetry.emit("orders_unavailable", level="warning", error=error.detail)
            return
        for order in orders:
            await write(_message(order))

    async def _settle(self, report: pb.SupervisorReport) -> None:
        for ended in report.exits:
            await self._end(text(report.host), ended)
        for outcome in report.outcomes:
            try:
                async with connected(self._pool) as connection:
                    kind = await store.settle_order(connection, outcome.order_id, outcome.ok, text(outcome.detail))
            except StoreUnavailable as error:
                # The supervisor repeats its outcomes until a report went through.
                telemetry.emit("order_unsettled", level="warning", order=outcome.order_id, error=error.detail)
                continue
            if kind is not None:
                self._tell(kind, outcome)

    async def _end(self, host: str, ended: pb.ChildExit) -> None:
        """Sooner and surer than a broken stream: the tasks of that process are rescued at once."""
        reason = "the supervisor ended it" if ended.ordered else f"its process {_ending(ended.code)}"
        try:
            await self._sessions.end_process(
                text(ended.host) or host,
                ended.pid,
                text(ended.name),
                reason,
                ordered=ended.ordered,
                ago=ended.ago_milliseconds / 1000,
            )
        except StoreUnavailable as error:
            # Its stream breaks, too, and its session expires.
            telemetry.emit("exit_unsettled", level="warning", worker=ended.name, error=error.detail)

    def _tell(self, kind: str, outcome: pb.OrderOutcome) -> None:
        self._feed.tell(_EVENTS[kind], outcome.detail, level="info" if outcome.ok else "error")


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"exited with {code}"


def _message(order: store.Order) -> pb.SupervisorOrder:
    if order.kind == "scale":
        return pb.SupervisorOrder(order_id=order.id, scale=pb.ScaleWorkers(count=order.worker_count or 0))
    if order.kind == "drain":
        return pb.SupervisorOrder(order_id=order.id, drain=pb.DrainWorker(name=order.worker_name or ""))
    return pb.SupervisorOrder(order_id=order.id, kill=pb.KillWorker(name=order.worker_name or ""))
