"""`twice`: a task has one final row, and no other. `unbacked`: a complete task carries the result of one of its runs
that said it would end well."""

from collections import Counter
from uuid import UUID

from cluster.core.task import State
from tests.chaos.checks.executions import Execution, executions_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Row, Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Exactly one accepted outcome for each task."""
    complete = [row for row in tables.finished if row.state is State.COMPLETE and limits.records(row.command)]
    if not complete:
        return [Violation.nothing("no recorded task is complete")]
    executions = executions_of(history)
    return [*_twice(tables), *(found for row in complete for found in _unbacked(row, executions.get(row.id, [])))]


def accepted_execution(row: Row, executions: list[Execution]) -> Execution | None:
    """The run whose result the row carries."""
    marker = row.result.get("execution") if isinstance(row.result, dict) else row.result
    return next((execution for execution in executions if str(execution.id) == marker), None)


def _twice(tables: Tables) -> list[Violation]:
    rows: Counter[UUID] = Counter(row.id for row in tables.rows)
    return [Violation("twice", f"has {count} rows", task_id) for task_id, count in rows.items() if count > 1]


def _unbacked(row: Row, executions: list[Execution]) -> list[Violation]:
    accepted = accepted_execution(row, executions)
    if accepted is None:
        return [Violation("unbacked", f"no run of it returned {row.result!r}", row.id)]
    if accepted.outcome != "ok":
        return [Violation("unbacked", f"the run whose result it has ended as {accepted.outcome}", row.id)]
    return []
