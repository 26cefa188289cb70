"""`unique`: no two tasks with the same unique_key live at the same time."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations

from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Row, Tables

Span = tuple[datetime, datetime]


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """By the database clock; a task that was tried again by hand lived twice."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in tables.rows:
        if row.unique_key is not None:
            rows[row.unique_key].append(row)
    if not rows:
        return [Violation.nothing("no task has a unique_key")]
    slack = timedelta(seconds=limits.slack)
    return [
        Violation("unique", f"lived together with {other.id} under the key {key!r}", one.id)
        for key, some in rows.items()
        for one, other in combinations(some, 2)
        if _together(list(_lives(one, tables)), list(_lives(other, tables)), slack)
    ]


def _together(some: list[Span], others: list[Span], slack: timedelta) -> bool:
    return any(max(a[0], b[0]) + slack < min(a[1], b[1]) for a in some for b in others)


def _lives(row: Row, tables: Tables) -> Iterator[Span]:
    """Of an earlier life only as much as is proved: the entry before `retried` names its end, but not when it was."""
    begun, proved = row.created_at, [row.created_at]
    for entry in row.trail:
        if entry.outcome == "retried":
            yield begun, proved[-2:][0]
            begun, proved = entry.at, [entry.at]
        elif entry.outcome != "stale":
            proved.append(entry.at)
    yield begun, row.finished_at or tables.taken_at
