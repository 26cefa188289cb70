"""The link to one coordinator: a channel, a loop that watches its events, a loop that sends it hints."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cluster.core.events import Event, EventName
from cluster.core.retry import Backoff
from cluster.runtime import telemetry
from cluster.wire import taskmaster_pb2 as messages
from cluster.wire.channel import open_channel
from cluster.wire.convert import event_message, event_value
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub

OnEvents = Callable[[Sequence[Event]], None]
NowUs = Callable[[], int]
"""Microseconds since the epoch by the database clock."""

ANSWER_WITHIN = 1.0
"""Seconds a coordinator may take to answer a hint or a health check."""
EVENTS_WAITING = ENDED_WAITING = 20_000
"""Events and ended leases kept for the next hint; older ones are dropped first."""
_BACKOFF = Backoff(first=0.1, cap=1.0)


class EndedLease(NamedTuple):
    """A lease whose task was cancelled while a worker held it."""

    session_id: int
    task_id: UUID
    token: int


class Link:
    """State: the channel, the two loops, where watching resumes (`coordinator_id`, `after`), and the hints to send."""

    def __init__(self, address: str, watcher_id: str, on_events: OnEvents, now_us: NowUs) -> None:
        self.address = address
        self.connected = False
        self._watcher_id = watcher_id
        self._on_events = on_events
        self._now_us = now_us
        self._channel: grpc.aio.Channel | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._coordinator_id, self._after = "", 0
        self._tasks = self._orders = False
        self._events: deque[Event] = deque(maxlen=EVENTS_WAITING)
        self._ended: deque[EndedLease] = deque(maxlen=ENDED_WAITING)
        self._hinted = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Link {self.address} {'connected' if self.connected else 'away'}>"

    async def start(self) -> None:
        self._channel = open_channel(self.address)
        stub = CoordinatorServiceStub(self._channel)
        self._loops = [
            asyncio.create_task(self._watch(stub), name=f"watch {self.address}"),
            asyncio.create_task(self._send_hints(stub), name=f"hint {self.address}"),
        ]

    async def stop(self) -> None:
        loops, self._loops = self._loops, []
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    def hint(
        self,
        *,
        tasks: bool = False,
        orders: bool = False,
        events: Iterable[Event] = (),
        ended: Iterable[EndedLease] = (),
    ) -> None:
        """Say this soon; what is said while the coordinator has not answered yet goes into one message."""
        self._tasks |= tasks
        self._orders |= orders
        self._events.extend(events)
        self._ended.extend(ended)
        self._hinted.set()

    async def serving(self) -> bool:
        """What the coordinator's health service says; False as well when it says nothing."""
        if self._channel is None:
            return False
        request = health_pb2.HealthCheckRequest()
        try:
            answer = await health_pb2_grpc.HealthStub(self._channel).Check(request, timeout=ANSWER_WITHIN)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def _watch(self, stub: CoordinatorServiceStub) -> None:
        """Follow the coordinator's events; one that is away is asked again with growing pauses."""
        failures = 0
        while True:
            try:
                async for batch in stub.WatchEvents(self._wanted()):
                    failures = 0
                    self._take(batch)
            except grpc.aio.AioRpcError as error:
                if failures == 0:
                    telemetry.emit("coordinator_away", level="warning", address=self.address, error=error.details())
            except Exception as error:  # noqa: BLE001 - an error in a loop is an event, never silence
                telemetry.emit("watch_failed", level="error", address=self.address, error=str(error), exc_info=error)
            self.connected = False
            failures += 1
            await asyncio.sleep(_BACKOFF.delay(failures, random.random()))  # noqa: S311 - spreads, hides nothing

    def _wanted(self) -> messages.WatchEventsRequest:
        return messages.WatchEventsRequest(
            coordinator_id=self._coordinator_id, after=self._after, watcher_id=self._watcher_id
        )

    def _take(self, batch: messages.EventBatch) -> None:
        if not self.connected:
            self.connected = True
            telemetry.emit("coordinator_watched", address=self.address, coordinator=batch.coordinator_id)
        resumed = batch.coordinator_id == self._coordinator_id
        self._coordinator_id, self._after = batch.coordinator_id, batch.last
        events = [event_value(event) for event in batch.events]
        # What a coordinator told before we ever asked is not missed, it is history.
        if batch.missed and resumed:
            text = f"{batch.missed} events came too fast to be told"
            events.insert(0, Event(EventName.EVENTS_MISSED, text, self._now_us(), "warning"))
        if events:
            self._on_events(events)

    async def _send_hints(self, stub: CoordinatorServiceStub) -> None:
        while True:
            await self._hinted.wait()
            self._hinted.clear()
            try:
                await stub.Wake(self._next_hint(), timeout=ANSWER_WITHIN)
            except grpc.aio.AioRpcError:
                # Not tried again: a coordinator that comes back looks by itself, and old events would come late.
                telemetry.tally("hint_lost")
                await asyncio.sleep(_BACKOFF.first)
            except Exception as error:  # noqa: BLE001 - an error in a loop is an event, never silence
                telemetry.emit("hint_failed", level="error", address=self.address, error=str(error), exc_info=error)

    def _next_hint(self) -> messages.WakeRequest:
        hint = messages.WakeRequest(
            tasks=self._tasks,
            orders=self._orders,
            watcher_id=self._watcher_id,
            events=[event_message(event) for event in self._events],
            ended=[
                messages.EndedLease(session_id=lease.session_id, task_id=lease.task_id.bytes, lease_token=lease.token)
                for lease in self._ended
            ],
        )
        self._tasks = self._orders = False
        self._events.clear()
        self._ended.clear()
        return hint
