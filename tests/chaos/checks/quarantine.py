"""`quarantined`: only what was held by three workers that crashed is put into quarantine."""

from collections.abc import Iterator

from cluster.core.task import QUARANTINE_AT, State
from tests.chaos.checks.executions import executions_of, workers_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import Fault, History
from tests.chaos.tables import Row, Tables

LOST = frozenset({"crashed", "quarantined"})
"""How the trail tells that a worker crashed which held the task."""


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """No task in quarantine is no violation: which ought to be there only the run knows."""
    hit = [fault.target for fault in history.of_kind(Fault) if fault.phase == "begin"]
    ran = workers_of(executions_of(history).values())
    if not tables.rows:
        return [Violation.nothing("there is no task")]
    found = [
        Violation("quarantined", detail, row.id)
        for row in tables.rows
        if row.state is State.QUARANTINED
        for detail in _unjust(row, hit, ran)
    ]
    held = [row for row in tables.rows if row.crash_count >= QUARANTINE_AT and row.state is not State.QUARANTINED]
    return found + [Violation("quarantined", f"crash_count {row.crash_count}, and is not", row.id) for row in held]


def _unjust(row: Row, hit: list[str], ran: frozenset[str]) -> Iterator[str]:
    if row.crash_count < QUARANTINE_AT:
        yield f"after {row.crash_count} crashes"
    lives = [entry.worker_id for entry in row.trail if entry.outcome in LOST and entry.worker_id is not None]
    if len(set(lives)) < min(QUARANTINE_AT, row.crash_count):
        yield f"its trail names {len(set(lives))} lives of workers that crashed: {lives}"
    for life in lives:
        name = life.rpartition("-")[0]
        if name in ran and not any(name in target.split(" to ") for target in hit):
            yield f"{life} is said to have crashed, but no fault hit {name}"
