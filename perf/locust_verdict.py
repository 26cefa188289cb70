"""The figures of a load test and what is wrong with them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from locust_accounts import Accounts


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests of one kind. Times in milliseconds, as Locust keeps them: exact below 100, then two digits."""

    kind: str
    requests: int
    failures: int
    per_second: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a test may show at most: p99 of each kind of request in milliseconds (0: any), and failures of all."""

    p99: float
    fail_ratio: float


@dataclass(slots=True)
class Verdict:
    """`seen`: what the watchers saw. `errors`: exceptions that users raised."""

    figures: list[Figures]
    accounts: Accounts
    seen: Mapping[str, int]
    errors: list[str]
    problems: list[str] = field(default_factory=list)

    def document(self) -> bytes:
        """For --verdict: its fields as JSON."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def problems(verdict: Verdict, limits: Limits) -> Iterator[str]:
    """In words; none when everything is as it should be."""
    yield from verdict.accounts.problems()
    yield from (f"a user ended with an error: {error}" for error in verdict.errors)
    requests = sum(one.requests for one in verdict.figures)
    failures = sum(one.failures for one in verdict.figures)
    if not requests:
        yield "no request was made"
    elif failures / requests > limits.fail_ratio:
        yield f"{failures:,} of {requests:,} requests failed, allowed are {limits.fail_ratio:.2%}"
    for one in verdict.figures:
        if limits.p99 and one.p99 > limits.p99:
            yield f"{one.kind}: p99 is {one.p99:.0f} ms, allowed are {limits.p99:g} ms"
