"""`fence`: no outcome was accepted under an older token.

Every lease gets a greater token than the one before, so the final row of a task has the greatest it ever had, and what
it says came from the run that had it. Runs tell their token where they can; where they cannot, a row names the worker
that held the last lease, and the attempt.
"""

from collections.abc import Iterator
from itertools import pairwise

from cluster.core.task import State
from tests.chaos.checks.accepted import accepted_execution
from tests.chaos.checks.executions import Execution, executions_of
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Row, Tables

UNLEASED = frozenset({"retried", "cancelled"})
"""What ends or begins a life without a lease: the token it names, if any, is that of the attempt before it."""


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """Looks at every task that has a run; one that was run once is the rule, and proves as much as any other."""
    executions = executions_of(history)
    rows = [row for row in tables.rows if limits.records(row.command) and row.id in executions]
    if not rows:
        return [Violation.nothing("no task was run")]
    details = ((row, detail) for row in rows for detail in (*_trail(row), *_outcome(row, executions[row.id])))
    return [Violation("fence", detail, row.id) for row, detail in details]


def _trail(row: Row) -> Iterator[str]:
    entries = [entry for entry in row.trail if entry.outcome not in UNLEASED and entry.token is not None]
    stale = [entry for entry in entries if entry.outcome == "stale"]
    tokens = [entry.token for entry in entries if entry.outcome != "stale" and entry.token is not None]
    if any(later <= earlier for earlier, later in pairwise(tokens)):
        yield f"the tokens of its attempts do not rise: {tokens}"
    if row.state is not State.COMPLETE or row.lease_token is None:
        return
    if tokens and tokens[-1] >= row.lease_token:
        yield f"accepted under token {row.lease_token}, an earlier attempt had {tokens[-1]}"
    for entry in stale:
        if entry.token is not None and entry.token >= row.lease_token:
            yield f"accepted under token {row.lease_token}, while {entry.token} was refused as stale"


def _outcome(row: Row, executions: list[Execution]) -> Iterator[str]:
    accepted = accepted_execution(row, executions) if row.state is State.COMPLETE else None
    if accepted is None:
        return
    told = f"{accepted.process}, attempt {accepted.attempt}, token {accepted.token}"
    if accepted.token not in {None, row.lease_token}:
        yield f"its outcome is that of {told}, the last lease had token {row.lease_token}"
    elif row.worker_id is not None and row.worker_id.rpartition("-")[0] != accepted.process:
        yield f"its outcome is that of {told}, the last lease was {row.worker_id}'s"
    elif accepted.attempt != row.attempt:
        yield f"its outcome is that of {told}, the last lease was attempt {row.attempt}"
    newer = [execution.token for execution in executions if execution.token is not None and accepted.token is not None
             and execution.token > accepted.token]  # fmt: skip
    if newer:
        yield f"its outcome is that of {told}, it was leased again under {newer}"
