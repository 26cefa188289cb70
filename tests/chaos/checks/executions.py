"""Start and End put together: what was run, where, when, and whether a fault came in between."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from tests.chaos.history import End, Ending, History, Start

SECOND = 1_000_000_000
"""In the unit of `t`."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a handler. `ended`, `outcome`: None if it never got to its end. Times are `t`."""

    id: UUID
    task_id: UUID
    attempt: int
    token: int | None
    process: str
    pid: int
    started: int
    ended: int | None
    outcome: Ending | None


def executions_of(history: History) -> Mapping[UUID, list[Execution]]:
    """By task, in the order in which they started."""
    ends = {end.execution: end for end in history.of_kind(End)}
    found: defaultdict[UUID, list[Execution]] = defaultdict(list)
    for start in history.of_kind(Start):
        found[start.task_id].append(_execution(start, ends.get(start.execution)))
    return found


def last_words(history: History) -> Mapping[int, int]:
    """By pid, when that process was last seen to run a handler."""
    return {record.pid: record.t for record in history.records if isinstance(record, Start | End)}


def workers_of(executions: Iterable[list[Execution]]) -> frozenset[str]:
    """The names of the processes that run handlers."""
    return frozenset(execution.process for some in executions for execution in some)


def _execution(start: Start, end: End | None) -> Execution:
    return Execution(
        id=start.execution,
        task_id=start.task_id,
        attempt=start.attempt,
        token=start.token,
        process=start.process,
        pid=start.pid,
        started=start.t,
        ended=end.t if end else None,
        outcome=end.outcome if end else None,
    )
