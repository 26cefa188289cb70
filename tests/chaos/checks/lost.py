"""`lost`: every task whose enqueue was acknowledged is in the tables."""

from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History, Ok
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """A task that was promised and is nowhere is the worst that can happen."""
    known = {row.id for row in tables.rows}
    answers = [answer for answer in history.of_kind(Ok) if answer.op == "enqueue"]
    if not any(answer.task_ids for answer in answers):
        return [Violation.nothing("no enqueue was acknowledged")]
    return [
        Violation("lost", f"call {answer.call} of {answer.process} was acknowledged, the task is nowhere", task_id)
        for answer in answers
        for task_id in answer.task_ids
        if task_id not in known
    ]
