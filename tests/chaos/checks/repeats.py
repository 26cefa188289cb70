"""`repeated`: no task is run again without a reason.

A reason is an execution that ended other than well, one that failed by the task's own trail, one that a fault may have
touched, or a retry by hand. Each explains one more run. Summed up: executions − tasks ≤ what was in flight at the
faults, had failed, or was wanted.
"""

from collections import Counter
from uuid import UUID

from tests.chaos.checks.disruptions import Disruption, disruptions_of, touching
from tests.chaos.checks.executions import Execution, executions_of, workers_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import Fail, History, Invoke, Ok
from tests.chaos.tables import Row, Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """One violation for each task that ran more often than can be explained."""
    executions = executions_of(history)
    if not executions:
        return [Violation.nothing("no task was run")]
    disruptions = disruptions_of(history, workers_of(executions.values()))
    rows = {row.id: row for row in tables.rows}
    by_hand = _retried_by_hand(history)
    found: list[Violation] = []
    for task_id, runs in executions.items():
        extra = len(runs) - 1
        reasons = _reasons(runs, rows.get(task_id), disruptions, limits) + by_hand[task_id] if extra else 0
        if extra > reasons:
            told = ", ".join(f"{run.process} attempt {run.attempt} {run.outcome or 'no end'}" for run in runs)
            found.append(Violation("repeated", f"{len(runs)} runs, {reasons} reasons for another: {told}", task_id))
    return found


def _reasons(runs: list[Execution], row: Row | None, disruptions: list[Disruption], limits: Limits) -> int:
    excused = sum(
        run.outcome in {"failed", "retry", "cancel"} or bool(touching(run, disruptions, limits)) for run in runs
    )
    # A timeout ends a run from outside: what it wrote last says nothing, or that it ended well and too late.
    failed = sum(entry.outcome == "failed" for entry in row.trail) if row else 0
    raised = sum(run.outcome in {"failed", "retry"} for run in runs)
    return excused + max(0, failed - raised)


def _retried_by_hand(history: History) -> Counter[UUID]:
    wanted = {call.call: call.task_ids for call in history.of_kind(Invoke) if call.op == "retry"}
    for answer in history.of_kind(Ok):
        if answer.op == "retry" and answer.call in wanted:
            wanted[answer.call] = answer.task_ids
    for refusal in history.of_kind(Fail):
        wanted.pop(refusal.call, None)
    return Counter(task_id for task_ids in wanted.values() for task_id in task_ids)
