"""`early`: nothing starts before its time, by a clock that is neither the worker's nor the edge's."""

from collections.abc import Iterator
from uuid import UUID

from tests.chaos.checks.accepted import accepted_execution
from tests.chaos.checks.executions import SECOND, executions_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import Fail, History, Invoke, Ok
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Every run against the delay it was enqueued with, or the retry by hand that put an end to it; the accepted one
    against the time that its row names, too.
    """
    executions = executions_of(history)
    due, delayed = _due(history)
    hurried = _hurried(history)
    if not delayed & executions.keys():
        return [Violation.nothing("no task with a delay was run")]
    slack = round(limits.early * SECOND)
    found = [
        Violation("early", f"ran {(due[task_id] - run.started) / SECOND:.3f} s before its delay was over", task_id)
        for task_id, runs in executions.items()
        for run in runs
        if task_id in due and run.started < min(due[task_id], hurried.get(task_id, due[task_id])) - slack
    ]
    for row in tables.finished:
        accepted = accepted_execution(row, executions.get(row.id, []))
        if accepted and (missing := tables.t_of(row.scheduled_at) - accepted.started) > slack:
            found.append(Violation("early", f"ran {missing / SECOND:.3f} s before {row.scheduled_at}", row.id))
    return found


def _due(history: History) -> tuple[dict[UUID, int], set[UUID]]:
    """The earliest `t` at which each task may run, for of several calls the first may count; and which had a delay."""
    found: dict[UUID, int] = {}
    delayed: set[UUID] = set()
    for call, task_ids in _named(history):
        for task_id, delay in zip(task_ids, call.delays, strict=False):
            at = call.t + round(delay * SECOND)
            found[task_id] = min(found.get(task_id, at), at)
            delayed |= {task_id} if delay > 0 else set()
    return found, delayed


def _hurried(history: History) -> dict[UUID, int]:
    """By task, the `t` since which it may run whatever its delay was: who retries a cancelled one wants it now.

    A retry that was refused, or was told that it changed nothing, hurries nobody.
    """
    without_effect = {answer.call for answer in history.of_kind(Fail)}
    without_effect |= {answer.call for answer in history.of_kind(Ok) if not answer.task_ids}
    found: dict[UUID, int] = {}
    for call in history.of_kind(Invoke):
        if call.op == "retry" and call.call not in without_effect:
            for task_id in call.task_ids:
                found[task_id] = min(found.get(task_id, call.t), call.t)
    return found


def _named(history: History) -> Iterator[tuple[Invoke, tuple[UUID, ...]]]:
    """Every enqueue and the ids of its tasks. Who named a key, and no ids, may have got those of an earlier call."""
    calls = {call.call: call for call in history.of_kind(Invoke) if call.op == "enqueue"}
    for call in calls.values():
        if call.task_ids:
            yield call, call.task_ids
    for answer in history.of_kind(Ok):
        asked = calls.get(answer.call)
        if asked and not asked.task_ids and not any(asked.unique_keys):
            yield asked, answer.task_ids
