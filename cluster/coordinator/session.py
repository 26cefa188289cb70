"""One worker as this coordinator knows it: a cache of what PostgreSQL and the worker know, lost without harm.

Bounded by what a worker may hold: its slots and what it is fed ahead (`core.dispatch.prefetch`).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from cluster.core.dispatch import Capacity, CompletionRate, Pace, prefetch
from cluster.core.limits import DEFAULT_ATTEMPTS, DEFAULT_TIMEOUT_SECONDS
from cluster.core.outcome import Finish, Settlement
from cluster.core.retry import Backoff
from cluster.core.task import State
from cluster.store.leases import LeasedTask

DEFAULT_BACKOFF = Backoff()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a worker says of one command it offers."""

    timeout_ms: int
    max_attempts: int
    backoff: Backoff = DEFAULT_BACKOFF

    @classmethod
    def of(cls, timeout_seconds: float = 0.0, max_attempts: int = 0, backoff: Backoff = DEFAULT_BACKOFF) -> "Policy":
        """0 means the default of the cluster."""
        return cls(int((timeout_seconds or DEFAULT_TIMEOUT_SECONDS) * 1000), max_attempts or DEFAULT_ATTEMPTS, backoff)


class HeldLease(LeasedTask, gc=False, eq=False):
    """A lease that this coordinator gave or took over. `started`: its worker said so; `reported`: its outcome waits to
    be written.

    The one object that a task costs a coordinator until its outcome comes. `key` is the id as the wire carries it.
    """

    started: bool = False
    reported: bool = False

    def under(self, policy: Policy) -> None:
        """What the task itself does not say is as its handler says."""
        self.max_attempts = self.max_attempts or policy.max_attempts
        self.timeout_ms = self.timeout_ms or policy.timeout_ms


class Delivery(Protocol):
    """How tasks reach a worker. `ready`: it can take some now."""

    @property
    def ready(self) -> bool: ...

    def give(self, leases: Sequence[HeldLease]) -> None: ...

    def revoke(self, leases: Sequence[HeldLease]) -> None:
        """These are no longer the worker's: do not hand them over, or tell it to end them."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(slots=True, eq=False)
class WorkerSession:
    """State: the leases by wire id, counts since the last prolongation, when the last heartbeat came (monotonic).

    `closing` is held by whoever ends it, until that is told: another one who notices it waits for that, instead of
    finding nothing left to rescue and cutting the first one short. `ending`: outcomes that it has told and that are not
    written yet: their slots are free, their leases hold.
    `lives_until`: as long (monotonic) it cannot have expired in PostgreSQL. Who could not prolong it until then may not
    give it anything: it may have been ended, and looked through for the last time.
    `reserved_since`: from when on (monotonic) it gets nothing but tasks that have to run alone, one at a time; `alone`:
    the last of these. `blocked_by`: the command that blocks its task loop. `end_reason`, `crashed`: how it ended, once
    it is `over`.
    """

    session_id: int
    worker_id: str
    name: str
    address: str
    slots: int
    streaming: bool
    policies: dict[str, Policy]
    heard_at: float
    lives_until: float = inf
    host: str = ""
    pid: int = 0
    draining: bool = False
    over: bool = False
    end_reason: str = ""
    crashed: bool = False
    rss_bytes: int = 0
    loop_lag: float = 0.0
    completed: int = 0
    failed: int = 0
    leases: dict[bytes, HeldLease] = field(default_factory=dict)
    closing: asyncio.Lock = field(default_factory=asyncio.Lock)
    ending: int = 0
    rate: CompletionRate = field(default_factory=CompletionRate)
    pace: Pace = field(default_factory=Pace)
    delivery: Delivery | None = None
    reserved_since: float | None = None
    alone: bytes | None = None
    blocked_by: str = ""

    def __repr__(self) -> str:
        state = "over" if self.over else "draining" if self.draining else "online"
        return f"<WorkerSession {self.session_id} {self.name} {state} leases={len(self.leases)}>"

    def end(self, reason: str, *, crashed: bool) -> None:
        """It is over; the first reason stays."""
        if not self.over:
            self.over, self.end_reason, self.crashed = True, reason, crashed and not self.draining

    @property
    def commands(self) -> frozenset[str]:
        return frozenset(self.policies)

    @property
    def takes_tasks(self) -> bool:
        """Whether it can be given something at all."""
        if self.over or self.draining or self.delivery is None or not self.delivery.ready:
            return False
        return time.monotonic() <= self.lives_until

    @property
    def runs_alone(self) -> bool:
        """Whether it holds a task that has to run alone."""
        return self.alone in self.leases

    def capacity(self, completions_per_second: float) -> Capacity:
        """What it holds and may hold, if it completes that many."""
        if self.reserved_since is not None or not self.takes_tasks:
            return Capacity(held=0, credit=0)
        if not self.streaming:
            # Its slots are busy until it is answered.
            return Capacity(held=len(self.leases), credit=self.slots)
        ahead = prefetch(self.slots, completions_per_second)
        held = max(0, len(self.leases) - min(self.ending, self.slots))
        return Capacity(held=held, credit=self.slots + ahead, ahead=ahead)

    @property
    def full(self) -> bool:
        """Whether all its slots are busy, as far as it has told."""
        return self.streaming and len(self.leases) - self.ending >= self.slots

    def count(self, settlement: Settlement) -> None:
        """One more accepted outcome, for the totals of this worker."""
        if isinstance(settlement, Finish):
            self.completed += settlement.state is State.COMPLETE
            self.failed += settlement.state in {State.FAILED, State.DEAD}

    def policy(self, command: str) -> Policy:
        return self.policies.get(command) or Policy.of()
