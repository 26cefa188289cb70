"""One life of this worker as a coordinator sees it: registered by the first heartbeat, kept alive by the others."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cluster.core.errors import CoordinatorUnavailable
from cluster.core.retry import Backoff
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.coordinators import Coordinators
from cluster.worker.offers import policy_alone

REGISTRATION_SECONDS = 5.0
"""How long a stream of a session that we do not know yet waits for the heartbeat's answer to arrive."""
LONGEST_PAUSE = 1.0
"""Seconds between two heartbeats that reached nobody."""
TELLING_SECONDS = 1.0
"""How long a drain waits for a coordinator to hear of it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker says about itself in every heartbeat."""

    name: str
    slots: int
    handlers: tuple[pb.Handler, ...]
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Health:
    """`loop_lag`: seconds by which the slower of our loops is late. `blocked_by`: the command that blocks the task loop
    or did since the last heartbeat, "" = none.
    """

    rss_bytes: int
    loop_lag: float
    blocked_by: str = ""
    blocked_seconds: float = 0.0


class Session:
    """Heartbeats to whichever coordinator answers.

    `over` is called when the coordinator says that the session is: its leases belong to others already. Then we
    register anew, as a new life with a new worker id. `health` is asked before each heartbeat.

    State: our id, the address our WorkerService got, the session (0 = not registered), the coordinator that answered
    last, whether a heartbeat is under way, whether we drain and have told so, and how many heartbeats failed in a row.
    """

    def __init__(
        self,
        identity: Identity,
        coordinators: Coordinators,
        interval: float,
        *,
        health: Callable[[], Health],
        over: Callable[[], None],
    ) -> None:
        self.address = ""
        self.worker_id = _new_worker_id(identity.name)
        self._identity, self._coordinators = identity, coordinators
        self._policies = [policy_alone(offer) for offer in identity.handlers]
        self._health, self._over = health, over
        self._id = 0
        self._coordinator_id = ""
        self._under_way = False
        self._draining = False
        self._draining_told = asyncio.Event()
        self._failures = 0
        # A coordinator that was started again ends the sessions it has not heard of within two intervals.
        self._backoff = Backoff(first=0.1, cap=min(interval / 2, LONGEST_PAUSE), jitter=0.2)
        self._changed = asyncio.Condition()
        self._ticker = Ticker("heartbeat", interval, self.step, worst_pause=interval)

    def __repr__(self) -> str:
        return f"<Session {self.worker_id} id={self._id} failures={self._failures}>"

    @property
    def id(self) -> int:
        return self._id

    async def start(self) -> None:
        """Begin to register; a coordinator that does not answer yet is waited for in the background."""
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    async def drain(self) -> None:
        """Tell the coordinator at once that we take no more; returns when it knows, or cannot be told for a while.

        A worker that holds nothing would be gone before, and look as if it had died.
        """
        self._draining = True
        self._ticker.wake()
        if self._id:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TELLING_SECONDS):
                    await self._draining_told.wait()

    def hurry(self) -> None:
        """Send the next heartbeat now: our stream broke, and only a heartbeat brings a coordinator to open another."""
        self._ticker.wake()

    async def reason_against(self, session_id: int, coordinator_id: str) -> str:
        """Why a stream of this session and this coordinator ("": it does not say) is not to be served; "" = it is.

        Two coordinators may both believe that we are theirs: the one that answered our last heartbeat is right. Waits
        while a heartbeat is under way, for whoever gets it may dial before its answer has got to us.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REGISTRATION_SECONDS), self._changed:
                await self._changed.wait_for(
                    lambda: not (self._under_way and self._reason_against(session_id, coordinator_id))
                )
        return self._reason_against(session_id, coordinator_id)

    def _reason_against(self, session_id: int, coordinator_id: str) -> str:
        if session_id != self._id:
            return f"session {session_id} is not ours"
        if coordinator_id and self._coordinator_id and coordinator_id != self._coordinator_id:
            return f"coordinator {coordinator_id} is not ours: {self._coordinator_id} answered our last heartbeat"
        return ""

    async def step(self) -> float:
        """One heartbeat. Returns the seconds until the next."""
        self._under_way = True
        try:
            return await self._beat()
        finally:
            self._under_way = False
            async with self._changed:
                self._changed.notify_all()

    async def _beat(self) -> float:
        draining = self._draining
        try:
            answer = await self._coordinators.heartbeat(self._heartbeat())
        except CoordinatorUnavailable as error:
            return self._failed(error)
        if self._failures:
            telemetry.emit("coordinator_back", address=self._coordinators.current)
        self._failures = 0
        if draining:
            self._draining_told.set()
        return self._answered(answer)

    def _heartbeat(self) -> pb.HeartbeatRequest:
        health = self._health()
        return pb.HeartbeatRequest(
            worker_id=self.worker_id,
            name=self._identity.name,
            address=self.address,
            slots=self._identity.slots,
            handlers=self._policies if self._id else self._identity.handlers,
            streaming=True,
            session_id=self._id,
            draining=self._draining,
            rss_bytes=health.rss_bytes,
            loop_lag_seconds=health.loop_lag,
            host=self._identity.host,
            pid=self._identity.pid,
            blocked_by=health.blocked_by,
            blocked_seconds=health.blocked_seconds,
        )

    def _answered(self, answer: pb.HeartbeatResponse) -> float:
        self._coordinator_id = answer.coordinator_id
        if answer.session_id == 0:
            return self._ended()
        if answer.session_id != self._id:
            self._id = answer.session_id
            telemetry.emit("registered", worker_id=self.worker_id, session_id=self._id, address=self.address)
        return answer.interval_seconds or self._ticker.interval

    def _ended(self) -> float:
        """The same worker id would be refused: a session is one life, and that one is over."""
        had, self._id = self._id, 0
        self.worker_id = _new_worker_id(self._identity.name)
        if had == 0:
            self._failures += 1
            return self._pause()
        telemetry.emit("session_over", level="warning", session_id=had)
        self._over()
        return self._ticker.interval if self._draining else 0.0

    def _failed(self, error: CoordinatorUnavailable) -> float:
        self._failures += 1
        if self._failures == 1:
            telemetry.emit("coordinator_lost", level="warning", address=self._coordinators.current, error=error.detail)
        self._coordinators.rotate()
        if self._id == 0:
            # Perhaps it was registered and only the answer got lost: that id is used up, here and anywhere else.
            self.worker_id = _new_worker_id(self._identity.name)
        return self._pause()

    def _pause(self) -> float:
        return self._backoff.delay(self._failures, secrets.randbelow(1000) / 1000)


def _new_worker_id(name: str) -> str:
    return f"{name}-{secrets.token_hex(4)}"
