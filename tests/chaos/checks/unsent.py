"""`unsent`: every task in the tables, and every task that ran, is one that somebody enqueued.

`refused`: what was refused is not there. `renamed`: who chose the ids got those. What a call whose answer was lost may
have added under ids of the server's is allowed, as many as it asked for.
"""

from uuid import UUID

from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import Fail, History, Invoke, Ok, Start, Unknown
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Nothing appears that nobody asked for, neither as a row nor as a run."""
    asked = {call.call: call for call in history.of_kind(Invoke) if call.op == "enqueue"}
    if not asked:
        return [Violation.nothing("no enqueue was sent")]
    known = {row.id for row in tables.rows} | {start.task_id for start in history.of_kind(Start)}
    return [*_unsent(history, asked, known), *_refused(history, asked, known), *_renamed(history, asked)]


def _unsent(history: History, asked: dict[str, Invoke], known: set[UUID]) -> list[Violation]:
    sent = {task_id for call in asked.values() for task_id in call.task_ids} | _acknowledged(history)
    nameless = sum(_nameless(asked[answer.call]) for answer in history.of_kind(Unknown) if answer.call in asked)
    strangers = sorted(known - sent)
    if len(strangers) <= nameless:
        return []
    detail = f"nobody enqueued it ({len(strangers)} such, {nameless} may come from calls whose answer was lost)"
    return [Violation("unsent", detail, stranger) for stranger in strangers]


def _nameless(call: Invoke) -> int:
    return 0 if call.task_ids else max(call.count, len(call.delays))


def _refused(history: History, asked: dict[str, Invoke], known: set[UUID]) -> list[Violation]:
    failed = {answer.call: answer for answer in history.of_kind(Fail) if answer.call in asked}
    elsewhere = {task_id for call in asked.values() if call.call not in failed for task_id in call.task_ids}
    elsewhere |= _acknowledged(history)
    return [
        Violation(
            "refused", f"call {call} was answered {answer.status} {answer.detail!r}, yet the task is there", task_id
        )
        for call, answer in failed.items()
        for task_id in asked[call].task_ids
        if task_id in known and task_id not in elsewhere
    ]


def _renamed(history: History, asked: dict[str, Invoke]) -> list[Violation]:
    return [
        Violation("renamed", f"call {answer.call} asked for other ids", task_id)
        for answer in history.of_kind(Ok)
        # Who names a unique key may get the task that has it already.
        if (call := asked.get(answer.call)) and call.task_ids and not any(call.unique_keys)
        for task_id in answer.task_ids
        if task_id not in call.task_ids
    ]


def _acknowledged(history: History) -> set[UUID]:
    return {task_id for answer in history.of_kind(Ok) if answer.op == "enqueue" for task_id in answer.task_ids}
