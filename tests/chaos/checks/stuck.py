"""`stuck`: a task whose worker was lost runs again as soon as the ladder promises.

Counted is only the time in which nothing else was the matter: with PostgreSQL down, nobody can rescue anything. For one
that has to run alone, neither is that in which others did: two workers that crash take dozens with them.
"""

from collections.abc import Mapping
from uuid import UUID

from cluster.core.task import ISOLATE_FROM, State
from tests.chaos.checks.accepted import accepted_execution
from tests.chaos.checks.disruptions import ALONE, Disruption, calm, disruptions_of
from tests.chaos.checks.executions import Execution, executions_of, workers_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.rescue import Interruption, interruptions_of
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Row, Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """One violation for each interruption that lasted too long. None at all is no proof, but may well happen."""
    executions = executions_of(history)
    if not executions:
        return [Violation.nothing("no task was run")]
    rows = {row.id: row for row in tables.rows}
    disruptions = disruptions_of(history, workers_of(executions.values()))
    turns = _turns(executions, rows)
    last = history.records[-1].t
    found: list[Violation] = []
    for one in interruptions_of(history):
        row = rows.get(one.execution.task_id)
        if one.again is None and (row is None or _over(row, one)):
            continue
        alone = _alone(row)
        others = [turn for task_id, turn in turns.items() if task_id != one.execution.task_id] if alone else []
        waited = _waited(one, disruptions + others, last, limits)
        allowed = limits.allowed(one.by.fault, alone=alone)
        if waited > allowed:
            ended = "until it ran again" if one.again else "and did not run again"
            detail = f"{waited:.1f} s after {one.by.fault} of {one.by.target} {ended}, {allowed:g} s are allowed"
            found.append(Violation("stuck", detail, one.execution.task_id))
    return found


def _alone(row: Row | None) -> bool:
    return row is not None and row.crash_count >= ISOLATE_FROM


def _turns(executions: Mapping[UUID, list[Execution]], rows: Mapping[UUID, Row]) -> dict[UUID, Disruption]:
    """When each task that had to run alone did: its last run."""
    last = {task_id: runs[-1] for task_id, runs in executions.items() if _alone(rows.get(task_id))}
    return {
        task_id: Disruption(ALONE, run.process, run.started, run.ended or run.started, frozenset({run.process}))
        for task_id, run in last.items()
    }


def _over(row: Row, one: Interruption) -> bool:
    """Whether nothing more was to come: it was cancelled, out of attempts, quarantined, or another run counted."""
    if row.state is not State.COMPLETE:
        return row.final
    accepted = accepted_execution(row, [one.execution, *one.others])
    return accepted is not None


def _waited(one: Interruption, disruptions: list[Disruption], last: int, limits: Limits) -> float:
    until = last if one.again is None else one.again.started
    return calm(one.by.begin, until, [disruption for disruption in disruptions if disruption != one.by], limits)
