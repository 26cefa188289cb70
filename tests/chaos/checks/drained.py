"""`unfinished`: after the last fault the backlog drains, until nothing is left but what is due later."""

from cluster.core.task import State
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """The tables must have been read after the backlog had its time."""
    if not tables.finished:
        return [Violation.nothing("no task is finished")]
    return [
        Violation("unfinished", f"is still {row.state.name.lower()} (attempt {row.attempt}, {row.worker_id})", row.id)
        for row in tables.unfinished
        if not (row.state is State.SCHEDULED and row.scheduled_at > tables.taken_at)
    ]
