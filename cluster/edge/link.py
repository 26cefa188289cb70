"""The link to one coordinator: a channel, a loop that watches its events, a loop that sends it hints.

Hints go up one stream, as long as events come down the other. The first goes at once, the next one GATHER later: so an
idle system starts a task as soon as it can, and a busy one says once what would be many messages.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias
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

Hints: TypeAlias = "grpc.aio.StreamUnaryCall[messages.WakeRequest, messages.WakeResponse]"
OnEvents = Callable[[Sequence[Event]], None]
NowUs = Callable[[], int]
"""Microseconds since the epoch by the database clock."""

ANSWER_WITHIN = 1.0
"""Seconds a coordinator may take to take a hint or to answer a health check."""
GATHER = 0.001
"""Seconds from one hint to the next. Not more: what a coordinator finds by itself, before the hint, it tells to other
edges before they hear that it was scheduled."""
EVENTS_WAITING = ENDED_WAITING = 20_000
"""Events and ended leases kept for the next hint; older ones are dropped first."""
_BACKOFF = Backoff(first=0.1, cap=1.0)


class EndedLease(NamedTuple):
    """A lease whose task was cancelled while a worker held it."""

    session_id: int
    task_id: UUID
    token: int


class Link:
    """State: the channel, the two loops, the stream of hints if it is open, where watching resumes (`coordinator_id`,
    `after`), and what the next hint says.
    """

    def __init__(self, address: str, watcher_id: str, on_events: OnEvents, now_us: NowUs) -> None:
        self.address = address
        self.connected = False
        self._watcher_id = watcher_id
        self._on_events = on_events
        self._now_us = now_us
        self._channel: grpc.aio.Channel | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._hints: Hints | None = None
        self._coordinator_id, self._after = "", 0
        self._tasks = self._later = self._orders = False
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
        self._hang_up()
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    def hint(
        self,
        *,
        tasks: bool = False,
        later: bool = False,
        orders: bool = False,
        events: Iterable[Event] = (),
        ended: Iterable[EndedLease] = (),
    ) -> None:
        """Say this soon; what is said until then goes into one message."""
        self._tasks |= tasks
        self._later |= later
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
                    # Before it is needed: the first hint, too, shall be there before the coordinator looks by itself.
                    self._open(stub)
                    self._take(batch)
            except grpc.aio.AioRpcError as error:
                if failures == 0:
                    telemetry.emit("coordinator_away", level="warning", address=self.address, error=error.details())
            except Exception as error:  # noqa: BLE001 - an error in a loop is an event, never silence
                telemetry.emit("watch_failed", level="error", address=self.address, error=str(error), exc_info=error)
            self.connected = False
            # It may be stopping, and would wait for us to end what we say to it.
            self._hang_up()
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
                async with asyncio.timeout(ANSWER_WITHIN):
                    await self._open(stub).write(self._next_hint())
                pause = GATHER
            # grpc.aio raises InvalidStateError when a write meets a stream that has just ended, and CancelledError when
            # `_watch` hangs up on one that waits.
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError, asyncio.CancelledError):
                if _cancelled():
                    raise
                # Not tried again: a coordinator that comes back looks by itself, and old events would come late.
                telemetry.tally("hint_lost")
                self._hang_up()
                pause = _BACKOFF.first
            except Exception as error:  # noqa: BLE001 - an error in a loop is an event, never silence
                telemetry.emit("hint_failed", level="error", address=self.address, error=str(error), exc_info=error)
                self._hang_up()
                pause = _BACKOFF.first
            await asyncio.sleep(pause)

    def _open(self, stub: CoordinatorServiceStub) -> Hints:
        if self._hints is None or self._hints.done():
            self._hints = stub.Wake()
        return self._hints

    def _hang_up(self) -> None:
        hints, self._hints = self._hints, None
        if hints is not None:
            hints.cancel()

    def _next_hint(self) -> messages.WakeRequest:
        hint = messages.WakeRequest(
            tasks=self._tasks,
            later=self._later,
            orders=self._orders,
            watcher_id=self._watcher_id,
            events=[event_message(event) for event in self._events],
            ended=[
                messages.EndedLease(session_id=lease.session_id, task_id=lease.task_id.bytes, lease_token=lease.token)
                for lease in self._ended
            ],
        )
        self._tasks = self._later = self._orders = False
        self._events.clear()
        self._ended.clear()
        return hint


def _cancelled() -> bool:
    """Whether somebody wants the present task itself to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
