"""`steered`: a task whose cancel was acknowledged is cancelled, and stays so unless somebody tries it again."""

from uuid import UUID

from cluster.core.task import State
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History, Invoke, Ok
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Every task of which a client was told that it is cancelled now."""
    retried = {task_id for call in history.of_kind(Invoke) if call.op == "retry" for task_id in call.task_ids}
    cancelled: set[UUID] = set()
    for answer in history.of_kind(Ok):
        if answer.op == "cancel":
            cancelled |= set(answer.task_ids) - retried
    if not cancelled:
        return [Violation.nothing("no cancel was acknowledged")]
    rows = {row.id: row for row in tables.rows}
    return [
        Violation("steered", f"its cancel was acknowledged, and it is {row.state.name.lower()}", task_id)
        for task_id in cancelled
        if (row := rows.get(task_id)) and row.state is not State.CANCELLED
    ]
