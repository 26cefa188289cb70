"""A made-up run, told step by step: the history and the tables that a cluster would have left behind.

A teller of legal stories for the tests of the checkers; what is illegal they make of it by changing its end.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from cluster.core.task import FINAL, QUARANTINE_AT, State
from tests.chaos.checks.executions import SECOND
from tests.chaos.history import End, Ending, Fail, Fault, History, Invoke, Memory, Ok, Operation, Record, Start, Unknown
from tests.chaos.tables import Row, Tables, Trail

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_SUMS = ("pending", "running", "completed", "failed", "cancelled", "retried", "rescued", "stale", "quarantined")


@dataclass(slots=True)
class Task:
    """State: what its row says."""

    id: UUID
    due: float
    created: float
    key: str | None
    state: State = State.READY
    attempt: int = 0
    crashes: int = 0
    picked: float | None = None
    begun: float | None = None
    finished: float | None = None
    token: int | None = None
    worker_id: str | None = None
    result: object = None
    trail: list[Trail] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution, under the lease that the task had then."""

    task: Task
    id: UUID
    token: int
    attempt: int
    worker: str
    worker_id: str


class Story:
    """State: the time in seconds, the records, the tasks, the last token, and which life each worker is in."""

    def __init__(self) -> None:
        self.now = 100.0
        self.records: list[Record] = []
        self.tasks: list[Task] = []
        self._token = 0
        self._lives: dict[str, int] = {}

    # ------------------------------------------------------------ what happens

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def enqueue(self, *, delay: float = 0.0, key: str | None = None, answer: str = "ok") -> Task:
        """One task by a call of its own. `answer`: ok, or unknown, and then the task is there all the same."""
        task = Task(uuid4(), self.now + delay, self.now, key)
        named: dict[str, Any] = {"op": "enqueue", "call": str(task.id)}
        self._write(Invoke, "client-1", **named, task_ids=(task.id,), delays=(delay,), unique_keys=(key,))
        if answer == "ok":
            self._write(Ok, "client-1", **named, task_ids=(task.id,), status=201)
        else:
            self._write(Unknown, "client-1", **named)
        self.tasks.append(task)
        return task

    def steer(self, operation: Operation, task: Task) -> None:
        """Cancel it, or try it again, by hand."""
        named: dict[str, Any] = {"op": operation, "call": str(uuid4()), "task_ids": (task.id,)}
        self._write(Invoke, "client-1", **named)
        if operation == "cancel":
            task.state, task.finished = State.CANCELLED, self.now
        else:
            self._note(task, task.state.name.lower())
            self._note(task, "retried")
            self._ready(task)
            task.attempt = task.crashes = 0
            task.due = self.now
        self._write(Ok, "client-1", **named, status=200)

    def vain_retry(self, task: Task, *, refused: bool) -> None:
        """Somebody wants to try it again, and is refused or told that nothing changed."""
        named: dict[str, Any] = {"op": "retry", "call": str(uuid4())}
        self._write(Invoke, "client-1", **named, task_ids=(task.id,))
        self._write(Fail if refused else Ok, "client-1", **named, status=409 if refused else 200)

    def start(self, task: Task, worker: str = "worker-1") -> Run:
        """Lease it to this worker, which begins it a little later."""
        self.now = max(self.now, task.due) + 0.01
        self._token += 1
        task.state, task.attempt, task.token = State.LEASED, task.attempt + 1, self._token
        task.picked, task.worker_id = self.now, self._worker_id(worker)
        self.pass_time(0.01)
        run = Run(task, uuid4(), self._token, task.attempt, worker, task.worker_id)
        self._write(Start, worker, task_id=task.id, attempt=run.attempt, execution=run.id, token=run.token)
        task.state, task.begun = State.RUNNING, self.now
        return run

    def end(self, run: Run, outcome: Ending) -> None:
        """The handler ends; nobody knows yet."""
        self.pass_time(0.05)
        facts = {"task_id": run.task.id, "attempt": run.attempt, "execution": run.id}
        self._write(End, run.worker, **facts, outcome=outcome)

    def complete(self, run: Run) -> None:
        self.end(run, "ok")
        self.pass_time(0.01)
        run.task.state, run.task.result, run.task.finished = State.COMPLETE, str(run.id), self.now

    def fail(self, run: Run, *, last: bool = False) -> None:
        """It raised; tried again in a second unless this was the `last` attempt."""
        self.end(run, "failed")
        if last:
            run.task.state, run.task.finished = State.DEAD, self.now
        else:
            self._note(run.task, "failed")
            self._ready(run.task)
            run.task.due = self.now + 1.0

    def time_out(self, run: Run) -> None:
        """Its process was killed at its timeout; tried again in a second."""
        self._note(run.task, "failed")
        self._ready(run.task)
        run.task.due = self.now + 1.0

    def kill(self, run: Run) -> None:
        """Its worker dies, and its task is brought back a moment later."""
        self.fault("kill", run.worker)
        self._lives[run.worker] = self._lives.get(run.worker, 0) + 1
        self.pass_time(0.5)
        task = run.task
        self._note(task, "crashed")
        task.crashes += 1
        if task.crashes >= QUARANTINE_AT:
            task.state, task.finished, task.token = State.QUARANTINED, self.now, None
            return
        task.attempt -= 1
        self._ready(task)

    def freeze(self, run: Run, elsewhere: str) -> Run:
        """Its worker stops for so long that the task runs elsewhere; what it says afterwards comes too late."""
        self.fault("freeze", run.worker, phases=("begin",))
        self.pass_time(3.0)
        self._note(run.task, "rescued")
        run.task.attempt -= 1
        self._ready(run.task)
        again = self.start(run.task, elsewhere)
        self.fault("freeze", run.worker, phases=("end",))
        self.end(run, "ok")
        stale = Trail(at=self._at(self.now), worker_id=run.worker_id, token=run.token, outcome="stale")
        run.task.trail.append(stale)
        return again

    def fault(self, fault: str, target: str, *, phases: tuple[str, ...] = ("begin", "end")) -> None:
        for phase in phases:
            self._write(Fault, "chaos", fault=fault, target=target, phase=phase)
            self.pass_time(0.001)

    def refuse(self, task_id: UUID) -> None:
        """Somebody wants to enqueue it and is told that it will not be."""
        named: dict[str, Any] = {"op": "enqueue", "call": str(uuid4())}
        self._write(Invoke, "client-1", **named, task_ids=(task_id,))
        self._write(Fail, "client-1", **named, status=422)

    def measure(self, target: str, baseline: int, final: int) -> None:
        for phase, size in (("baseline", baseline), ("final", final)):
            self._write(Memory, "chaos", target=target, target_pid=1, rss_bytes=size, phase=phase)

    # ------------------------------------------------------------ what is left

    @property
    def history(self) -> History:
        return History.of(self.records)

    @property
    def tables(self) -> Tables:
        """With counters that agree."""
        rows = [self._row(task) for task in self.tasks]
        sums = dict.fromkeys(_SUMS, 0)
        for row in rows:
            sums[_sum_of(row.state)] += 1
        return Tables(
            taken_at=self._at(self.now),
            taken_t=round(self.now * SECOND),
            unfinished=tuple(row for row in rows if row.state not in FINAL),
            finished=tuple(row for row in rows if row.state in FINAL),
            counters=sums,
        )

    def changed(self, task: Task, **facts: object) -> Tables:
        """The tables, but for some facts of the row of this task."""
        tables = self.tables

        def change(rows: tuple[Row, ...]) -> tuple[Row, ...]:
            return tuple(msgspec.structs.replace(row, **facts) if row.id == task.id else row for row in rows)

        changed = {"unfinished": change(tables.unfinished), "finished": change(tables.finished)}
        return msgspec.structs.replace(tables, **changed)

    def at(self, seconds_ago: float) -> datetime:
        """By the database clock."""
        return self._at(self.now - seconds_ago)

    def _row(self, task: Task) -> Row:
        return Row(
            id=task.id,
            state=task.state,
            command="chaos-quick",
            scheduled_at=self._at(task.due),
            created_at=self._at(task.created),
            picked_at=self._known(task.picked),
            started_at=self._known(task.begun),
            finished_at=self._known(task.finished),
            lease_token=task.token,
            attempt=task.attempt,
            crash_count=task.crashes,
            worker_id=task.worker_id,
            unique_key=task.key,
            result=task.result,
            attempts=tuple(task.trail) or None,
        )

    def _ready(self, task: Task) -> None:
        task.state = State.READY
        task.token = task.worker_id = task.picked = task.begun = task.finished = None

    def _note(self, task: Task, outcome: str) -> None:
        entry = Trail(
            at=self._at(self.now), outcome=outcome, attempt=task.attempt, worker_id=task.worker_id, token=task.token
        )
        task.trail.append(entry)

    def _worker_id(self, worker: str) -> str:
        return f"{worker}-{self._lives.get(worker, 0):08x}"

    def _write(self, kind: type[Record], process: str, **facts: Any) -> None:
        pid = self._lives.get(process, 0) * 100 + sum(map(ord, process))
        self.records.append(kind(t=round(self.now * SECOND), process=process, pid=pid, **facts))

    def _at(self, seconds: float) -> datetime:
        return EPOCH + timedelta(seconds=seconds)

    def _known(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self._at(seconds)


def _sum_of(state: State) -> str:
    match state:
        case State.COMPLETE:
            return "completed"
        case State.CANCELLED:
            return "cancelled"
        case State.RUNNING:
            return "running"
    return "failed" if state in FINAL else "pending"
