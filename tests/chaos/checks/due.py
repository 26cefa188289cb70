"""`early`: nothing starts before its time, by a clock that is neither the worker's nor the edge's."""

from uuid import UUID

from tests.chaos.checks.accepted import accepted_execution
from tests.chaos.checks.executions import SECOND, executions_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History, Invoke
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Every run against the delay it was enqueued with; the accepted one against the time that its row names, too."""
    executions = executions_of(history)
    due = _due(history)
    if not any(task_id in executions for task_id in due):
        return [Violation.nothing("no task with a delay was run")]
    slack = round(limits.slack * SECOND)
    found = [
        Violation("early", f"ran {(due[task_id] - run.started) / SECOND:.3f} s before its delay was over", task_id)
        for task_id, runs in executions.items()
        for run in runs
        if task_id in due and run.started < due[task_id] - slack
    ]
    for row in tables.finished:
        accepted = accepted_execution(row, executions.get(row.id, []))
        if accepted and (missing := tables.t_of(row.scheduled_at) - accepted.started) > slack:
            found.append(Violation("early", f"ran {missing / SECOND:.3f} s before {row.scheduled_at}", row.id))
    return found


def _due(history: History) -> dict[UUID, int]:
    """The earliest `t` at which each task that was sent with a delay may run. Of several calls the first may count."""
    found: dict[UUID, int] = {}
    for call in history.of_kind(Invoke):
        for task_id, delay in zip(call.task_ids, call.delays, strict=False):
            if call.op == "enqueue" and delay > 0:
                at = call.t + round(delay * SECOND)
                found[task_id] = min(found.get(task_id, at), at)
    return found
