"""`order`: times, attempts and states of every task are in an order that is legal.

Times by the database clock: scheduled ≤ picked ≤ started ≤ finished. The trail tells how earlier attempts ended: only
what had ended for good is tried again by hand, and nothing else is tried again after that.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from cluster.core.task import FINAL, HELD, UNSUCCESSFUL, State
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Row, Tables, Trail

ENDED = frozenset(state.name.lower() for state in UNSUCCESSFUL)
"""What a retry by hand may follow."""
FOR_GOOD = ENDED - {"failed"}
"""What only a retry by hand may follow."""
LEASED = HELD | {State.COMPLETE}
"""States that only a task can have that was picked."""


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Every row of both tables."""
    if not tables.rows:
        return [Violation.nothing("there is no task")]
    found = [Violation("order", detail, row.id) for row in tables.rows for detail in _row(row, limits)]
    found += [_misplaced(row) for row in tables.unfinished if row.state in FINAL]
    return found + [_misplaced(row) for row in tables.finished if row.state not in FINAL]


def _misplaced(row: Row) -> Violation:
    return Violation("order", f"is {row.state.name.lower()} in the wrong table", row.id)


def _row(row: Row, limits: Limits) -> Iterator[str]:
    yield from _times(row, timedelta(seconds=limits.slack))
    yield from _attempts(row, limits.attempts(row.command, row.max_attempts))
    yield from _trail(row, timedelta(seconds=limits.slack))


def _times(row: Row, slack: timedelta) -> Iterator[str]:
    # A task that was cancelled before its time was never picked, and is finished before it was due.
    due = row.scheduled_at if row.picked_at else row.created_at
    named: list[tuple[str, datetime | None]] = [
        ("due", due), ("picked", row.picked_at), ("started", row.started_at), ("finished", row.finished_at),
    ]  # fmt: skip
    known = [(name, at) for name, at in named if at is not None]
    for (earlier, before), (later, after) in pairwise(known):
        if after < before - slack:
            yield f"{later} {after.isoformat()} before it was {earlier} {before.isoformat()}"
    if row.state is State.COMPLETE and row.started_at is None:
        yield "complete, and never started"
    if row.state in LEASED and row.picked_at is None:
        yield f"{row.state.name.lower()}, and never picked"


def _attempts(row: Row, most: int) -> Iterator[str]:
    if row.attempt > most:
        yield f"attempt {row.attempt} of {most}"
    if row.attempt < (row.state in LEASED):
        yield f"{row.state.name.lower()} in attempt {row.attempt}"
    if row.attempt < 0 or row.crash_count < 0:
        yield f"attempt {row.attempt}, crash_count {row.crash_count}"


def _trail(row: Row, slack: timedelta) -> Iterator[str]:
    for before, after in pairwise(row.trail):
        if after.at < before.at - slack:
            yield f"its trail goes back in time: {after.outcome} {after.at.isoformat()} after {before.at.isoformat()}"
    lived = [entry for entry in row.trail if entry.outcome != "stale"]
    for earlier, later in _pairs(lived):
        if later.outcome == "retried" and (earlier is None or earlier.outcome not in ENDED):
            yield f"retried by hand after {earlier.outcome if earlier else 'nothing'}"
        # A cancel is noted when it takes a lease away, and once more when its task is tried again.
        if earlier is not None and earlier.outcome in FOR_GOOD and later.outcome not in {"retried", earlier.outcome}:
            yield f"{later.outcome} after {earlier.outcome}"
    if row.state is State.COMPLETE and lived and lived[-1].outcome in FOR_GOOD:
        yield f"complete after {lived[-1].outcome}"


def _pairs(entries: list[Trail]) -> Iterator[tuple[Trail | None, Trail]]:
    return zip([None, *entries], entries, strict=False)
