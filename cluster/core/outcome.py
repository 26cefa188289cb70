"""Outcomes are values: what a worker says became of a lease, and what that leads to.

Structs, not dataclasses: one of each is made for every task, and they cost a fifth.
"""

from typing import Protocol

from msgspec import Struct

from cluster.core.retry import Backoff
from cluster.core.task import State


class Succeeded(Struct, frozen=True):
    """The function returned; `result` is JSON in UTF-8 or None."""

    result: bytes | None = None


class Failed(Struct, frozen=True):
    """The function raised or the lease could not be run. `permanent`: trying again is pointless. `retry_in`: seconds
    before the next attempt as the function wants it, None = what its backoff says.
    """

    error: str
    permanent: bool = False
    retry_in: float | None = None


class Cancelled(Struct, frozen=True):
    reason: str = ""


class Released(Struct, frozen=True):
    """Given back unrun: ready again at once, the attempt does not count."""

    reason: str = ""


Outcome = Succeeded | Failed | Cancelled | Released


class Attempted(Protocol):
    """What a lease says of the attempt that has ended."""

    @property
    def attempt(self) -> int: ...

    @property
    def max_attempts(self) -> int: ...


class Finish(Struct, frozen=True):
    """The task is over: it moves to history in `state`."""

    state: State
    result: bytes | None = None
    error: str | None = None


class TryAgain(Struct, frozen=True):
    """The task becomes due again `delay` seconds from now."""

    delay: float
    error: str


class GiveBack(Struct, frozen=True):
    """The task becomes ready at once and keeps its attempt."""


Settlement = Finish | TryAgain | GiveBack

COMPLETED = Finish(State.COMPLETE)
"""The settlement of most tasks."""


def settle(lease: Attempted, outcome: Outcome, backoff: Backoff, random: float) -> Settlement:
    """What an outcome leads to. `random` is uniform in [0, 1) and spreads the backoff."""
    match outcome:
        case Succeeded(result):
            return COMPLETED if result is None else Finish(State.COMPLETE, result=result)
        case Failed():
            return _after_failure(lease, outcome, backoff, random)
        case Cancelled(reason):
            return Finish(State.CANCELLED, error=reason or None)
        case Released():
            return GiveBack()


def _after_failure(lease: Attempted, failed: Failed, backoff: Backoff, random: float) -> Settlement:
    if failed.permanent:
        return Finish(State.FAILED, error=failed.error)
    if lease.attempt >= lease.max_attempts:
        return Finish(State.DEAD if lease.max_attempts > 1 else State.FAILED, error=failed.error)
    delay = backoff.delay(lease.attempt, random) if failed.retry_in is None else failed.retry_in
    return TryAgain(delay, failed.error)
