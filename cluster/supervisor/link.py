"""The stream to a coordinator: reports go up, orders come down."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import grpc

from cluster.core.retry import Backoff
from cluster.runtime import telemetry
from cluster.supervisor.exits import Exits
from cluster.supervisor.orders import Orders
from cluster.wire import taskmaster_pb2 as wire
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub

Stream = Any
"""grpc's bidirectional call: reports in, orders out; its types are not typed."""
REPORT_INTERVAL = 1.0
PAUSES = Backoff(first=0.1, cap=1.0, jitter=0.5)
STEADY_SECONDS = 5.0
"""A stream that lasted so long was a good one: the pauses start over."""
PATIENCE = 12
"""Attempts, some ten seconds, before a coordinator that was never there is worth a warning: it may be starting too."""


class Link:
    """Holds a `Supervise` stream to one of `coordinators`, the next one when it breaks.

    `report` makes a report without outcomes and exits; one is sent each second and whenever `changed` is set.
    State: the task that does it, whether a coordinator listens, and how many attempts in a row went wrong.
    """

    def __init__(
        self,
        coordinators: Sequence[str],
        orders: Orders,
        exits: Exits,
        report: Callable[[], wire.SupervisorReport],
        changed: asyncio.Event,
    ) -> None:
        self._coordinators = coordinators
        self._orders, self._exits = orders, exits
        self._report = report
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._linked = False
        self._failures = 0

    def __repr__(self) -> str:
        return f"<Link linked={self._linked} failures={self._failures}>"

    async def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="link")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        for address in cycle(self._coordinators):
            begun = time.monotonic()
            try:
                await self._converse(address)
            except grpc.aio.AioRpcError as error:
                why, unexpected = error.details() or error.code().name, None
            except Exception as error:  # noqa: BLE001 - an error in a loop is an event, never silence
                why, unexpected = repr(error), error
            else:
                why, unexpected = "it closed the stream", None
            if time.monotonic() - begun >= STEADY_SECONDS:
                self._failures = 0
            self._failures += 1
            if self._linked or self._failures == PATIENCE or unexpected:
                telemetry.emit("coordinator_lost", level="warning", address=address, reason=why, exc_info=unexpected)
            self._linked = False
            await asyncio.sleep(PAUSES.delay(self._failures, random.random()))  # noqa: S311 - no secret

    async def _converse(self, address: str) -> None:
        """Returns when the coordinator closes the stream; raises AioRpcError when it breaks."""
        async with open_channel(address) as channel:
            call = CoordinatorServiceStub(channel).Supervise()
            reading = asyncio.create_task(self._take_orders(call), name="orders")
            writing = asyncio.create_task(self._send_reports(call, address), name="reports")
            try:
                await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
                # The reader first: it knows best why a stream ended.
                if not reading.done():
                    await writing
                await reading
            finally:
                reading.cancel()
                writing.cancel()
                await asyncio.gather(reading, writing, return_exceptions=True)

    async def _take_orders(self, call: Stream) -> None:
        async for order in call:
            await self._orders.take(order)
            self._changed.set()

    async def _send_reports(self, call: Stream, address: str) -> None:
        self._exits.again()
        while True:
            self._changed.clear()
            report, outcomes, exits = self._report(), self._orders.untold(), self._exits.untold()
            report.outcomes.extend(outcomes)
            report.exits.extend(exits)
            try:
                await call.write(report)
            except asyncio.InvalidStateError:
                # What grpc.aio raises when the stream has ended but nobody was told yet: the reader will be.
                return
            # A stream that breaks now may lose them: the order then comes again, and they are told again.
            self._orders.told(outcomes)
            self._exits.told(exits)
            if not self._linked:
                self._linked = True
                telemetry.emit("coordinator_found", address=address)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_INTERVAL):
                    await self._changed.wait()
