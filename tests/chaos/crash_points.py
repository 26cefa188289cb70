"""Named crash points: before and after every commit and every acknowledgement, by name, in the processes themselves.

A store function is one statement in autocommit. So "before" it nothing is committed, and "after" it everything is and
nobody else knows. The same around the messages between the roles. `claim:after:3` is SIGKILL when the third claim from
now has returned.
"""

import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

When: TypeAlias = Literal["before", "after"]


def _store(module: str, *names: str) -> dict[str, str]:
    return {name.strip("_"): f"cluster.store.{module}:{name}" for name in names}


POINTS: dict[str, dict[str, str]] = {
    "coordinator": {
        **_store("leases", "claim", "claim_isolated", "start", "finish", "retry", "release", "park", "unpark"),
        **_store("leases", "progress", "note_stale"),
        **_store("sessions", "open_session", "adopt_session", "prolong", "end_sessions", "end_expired", "_rescue"),
        **_store("sessions", "sweep", "forget_ended"),
        **_store("due", "promote"),
        **_store("leadership", "elect", "resign"),
        **_store("counters", "fold"),
        **_store("history", "ensure_partitions", "prune"),
        **_store("queues", "put_aside", "bring_back"),
        "sample": "cluster.store.samples:take",
        "forget_samples": "cluster.store.samples:forget",
        **_store("orders", "take_orders", "settle_order", "forget_settled"),
        **_store("enqueue", "enqueue"),
        "submit": "cluster.coordinator.servicer:CoordinatorServicer.SubmitTask",
        "give": "cluster.coordinator.stream:StreamDelivery.give",
        "take": "cluster.coordinator.stream:StreamDelivery._take",
        "settle": "cluster.coordinator.stream:StreamDelivery._settle",
        "heartbeat": "cluster.coordinator.servicer:CoordinatorServicer.SendHeartbeat",
    },
    "edge": {
        **_store("enqueue", "enqueue"),
        **_store("steering", "cancel", "retry"),
        **_store("orders", "order_scale", "order_kill", "order_drain"),
        **_store("queues", "pause", "resume"),
        "answer": "cluster.edge.answer:Answer.send",
    },
    "worker": {
        "accept": "cluster.worker.leases:Leases.accept",
        "report": "cluster.worker.stream:message",
        "settle": "cluster.worker.leases:Leases.settle",
        "heartbeat": "cluster.worker.coordinators:Coordinators.heartbeat",
    },
}
"""By role and name: the function, as module:attribute."""


@dataclass(frozen=True)
class CrashPoint:
    """`nth`: it is hit when the function is called so often, counted from when it was set."""

    name: str
    when: When
    nth: int

    @classmethod
    def parse(cls, text: str) -> "CrashPoint":
        """Of `name:when:nth`. Raises ValueError."""
        name, when, nth = text.split(":")
        if when not in ("before", "after"):
            raise ValueError(f"{text}: {when} is neither before nor after")
        return cls(name, when, int(nth))

    def __str__(self) -> str:
        return f"{self.name}:{self.when}:{self.nth}"


class Trap:
    """Counts calls of the functions of a role. State: the crash point that is set, and how often it was passed."""

    def __init__(self, on_crash: Callable[[CrashPoint], None]) -> None:
        """`on_crash` is called just before this process kills itself."""
        self._on_crash = on_crash
        self._set: CrashPoint | None = None
        self._passed = 0

    def set(self, point: CrashPoint | None) -> None:
        if point != self._set:
            self._set, self._passed = point, 0

    def passes(self, name: str, when: When) -> None:
        """Does not return when this is where the process is to die."""
        point = self._set
        if point is None or point.name != name or point.when != when:
            return
        self._passed += 1
        if self._passed >= point.nth:
            self._on_crash(point)
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self, role: str) -> None:
        """Put every function of the role under watch; everything of the role must be imported by now."""
        for name, where in POINTS.get(role, {}).items():
            replace(where, functools.partial(self._watched, name))

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call(*args: Any, **named: Any) -> Any:
                self.passes(name, "before")
                answer = await function(*args, **named)
                self.passes(name, "after")
                return answer

            return call

        @functools.wraps(function)
        def call_now(*args: Any, **named: Any) -> Any:
            self.passes(name, "before")
            answer = function(*args, **named)
            self.passes(name, "after")
            return answer

        return call_now


def replace(where: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace a function or method `module:attribute` by `wrap` of it, everywhere in the package."""
    module, _, attribute = where.partition(":")
    owner = importlib.import_module(module)
    *path, last = attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, last)
    wrapped = wrap(original)
    setattr(owner, last, wrapped)
    if path:
        return
    # Who imported the function by its name has it under that name.
    for other in [each for name, each in sys.modules.items() if name.startswith("cluster.")]:
        for key, value in vars(other).copy().items():
            if value is original:
                setattr(other, key, wrapped)
