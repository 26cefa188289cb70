"""`miscounted`: the sums of the counters are what counting the rows gives, to the last one."""

from collections import Counter

from cluster.core.task import State
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Tables

SUMS = ("pending", "running", "completed", "failed", "cancelled")
_OF = {State.RUNNING: "running", State.COMPLETE: "completed", State.CANCELLED: "cancelled"}


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Whatever a statement changes it counts in the same statement, so no fault may come in between."""
    if not tables.rows or not tables.counters:
        return [Violation.nothing("there are no rows, or no counters")]
    rows = Counter(_OF.get(row.state, "failed" if row.final else "pending") for row in tables.rows)
    found = [
        Violation("miscounted", f"{name}: the counters say {tables.counters.get(name)}, the tables {rows[name]}")
        for name in SUMS
        if tables.counters.get(name) != rows[name]
    ]
    negative = {name: value for name, value in tables.counters.items() if value < 0}
    return found + [Violation("miscounted", f"{name} is {value}") for name, value in negative.items()]
