"""Who runs now and who waits: the slots of one worker, on the task thread."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import monotonic_ns
from typing import Any

from cluster.core.outcome import Cancelled, Failed, Outcome, Released, Succeeded
from cluster.runtime import telemetry
from cluster.worker import reports
from cluster.worker.invoke import Prepared
from cluster.worker.progress import OnProgress, unheard
from cluster.worker.run import NEVER, Run

ANNOUNCE_NS = 200_000_000
"""A run that lasts longer than this is told as started; a shorter one only as finished."""
CANCEL_GRACE_NS = 2_000_000_000
"""How long a cancelled run may take to end before its slot is given to another."""
BATCH_RUNS = 500
LINGER_SECONDS = 0.002
"""How long outcomes wait for company while more runs are waiting for a slot."""

RunInProcess = Callable[[Run, OnProgress], Awaitable[Outcome]]
Report = Callable[[list[Run], list[Run]], None]


class Slots:
    """At most `slots` runs at once, the others wait in the order they came.

    Lives on one event loop and is called on that loop only. `in_process` runs a plain `def` elsewhere and keeps its
    timeout itself. `report` is called with the runs that started (and last) and with those that have an outcome,
    `on_progress` with what a run says of itself, from whichever thread it does.

    State: the waiting, the running and the abandoned runs, what is to be reported, and one timer for whatever is due
    first. One timer for all, for a timer of its own would cost a short run more than all the rest.
    """

    def __init__(
        self,
        slots: int,
        handlers: Mapping[str, Prepared],
        in_process: RunInProcess,
        report: Report,
        on_progress: OnProgress = unheard,
    ) -> None:
        self._slots = slots
        self._handlers = handlers
        self._in_process = in_process
        self._report = report
        self._on_progress = on_progress
        self._loop = asyncio.get_running_loop()
        # Every run gets a copy of this one, so that context variables of one task never reach the next.
        self._context = contextvars.Context()
        self._waiting: deque[Run] = deque()
        self._running: set[Run] = set()
        self._abandoned: set[Run] = set()
        self._started: list[Run] = []
        self._ended: list[Run] = []
        self._flush_planned = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = NEVER

    def __repr__(self) -> str:
        return f"<Slots {len(self._running)}/{self._slots} waiting={len(self._waiting)}>"

    @property
    def abandoned(self) -> int:
        """Runs that were cancelled, did not end, and go on without a slot."""
        return len(self._abandoned)

    def of(self, task: asyncio.Task[Any] | None) -> Run | None:
        """The run that this task of the loop is, if any. From any thread while the loop is blocked."""
        return next((run for run in tuple(self._running) if run.task is task), None) if task else None

    def unreported(self) -> list[Run]:
        """What has ended and was not reported yet. From any thread while the loop is blocked."""
        return list(self._ended)

    def take(self, runs: Iterable[Run]) -> None:
        self._waiting.extend(runs)
        self._fill()
        if self._waiting:
            self._wake_by(monotonic_ns() + ANNOUNCE_NS)

    def release_waiting(self, reason: str) -> None:
        """Give back unrun what has no slot yet."""
        waiting, self._waiting = self._waiting, deque()
        for run in waiting:
            self._settle(run, Released(reason))

    def cancel(self, runs: Iterable[Run], verdict: Outcome | None) -> None:
        """End these runs and report `verdict` for each; None: report nothing."""
        meant = set(runs)
        waiting = [run for run in self._waiting if run in meant]
        if waiting:
            self._waiting = deque(run for run in self._waiting if run not in meant)
        self._end_all(waiting, self._running & meant, verdict)

    def cancel_all(self, verdict: Outcome | None) -> None:
        """The same for every run that has not ended yet."""
        waiting, self._waiting = self._waiting, deque()
        self._end_all(waiting, self._running, verdict)

    def _end_all(self, waiting: Iterable[Run], running: Iterable[Run], verdict: Outcome | None) -> None:
        for run in waiting:
            run.silent = verdict is None
            self._settle(run, verdict or Released())
        for run in running:
            self._cancel(run, verdict)

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._slots:
            self._begin(self._waiting.popleft())

    def _begin(self, run: Run) -> None:
        handler = self._handlers.get(run.command)
        if handler is None:
            self._settle(run, Released("this worker does not know the command"))
            return
        run.started = now = monotonic_ns()
        if handler.asynchronous:
            work: Awaitable[Outcome] = handler.call(run, self._on_progress)
            if run.timeout is not None:
                run.deadline = now + int(run.timeout * 1e9)
        else:
            work = self._in_process(run, self._on_progress)
        run.due = min(run.deadline, now + ANNOUNCE_NS)
        self._running.add(run)
        run.task = self._loop.create_task(self._drive(run, work), name=run.command, context=self._context.copy())
        self._wake_by(run.due)

    async def _drive(self, run: Run, work: Awaitable[Outcome]) -> None:
        try:
            outcome = await work
        except asyncio.CancelledError:
            outcome = Failed("the task cancelled itself")
        except Exception as error:  # noqa: BLE001 - a slot must never be lost
            outcome = reports.raised(error)
        self._end(run, _final(run.verdict, outcome))

    def _end(self, run: Run, outcome: Outcome) -> None:
        """Its slot is free. A run that was abandoned and ends after all has its outcome already."""
        if run.outcome is not None:
            self._abandoned.discard(run)
        else:
            run.finished = monotonic_ns()
            self._running.discard(run)
            self._settle(run, outcome)
            self._fill()

    def _settle(self, run: Run, outcome: Outcome) -> None:
        run.outcome = outcome
        run.payload = b""
        run.task = None
        if not run.silent:
            self._ended.append(run)
            self._plan_flush()

    def _plan_flush(self) -> None:
        if len(self._ended) >= BATCH_RUNS:
            self._flush()
        elif not self._flush_planned:
            self._flush_planned = True
            # With nobody waiting there is no company to wait for: tell it at the end of this turn of the loop.
            self._loop.call_later(LINGER_SECONDS if self._waiting else 0, self._flush)

    def _flush(self) -> None:
        self._flush_planned = False
        started, self._started = self._started, []
        ended, self._ended = self._ended, []
        if started or ended:
            self._report(started, ended)

    # ------------------------------------------------------------------ what is due

    def _wake_by(self, due: int) -> None:
        if due >= self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._loop.call_later(max(0, due - monotonic_ns()) / 1e9, self._look)

    def _look(self) -> None:
        self._timer, self._timer_due = None, NEVER
        now = monotonic_ns()
        for run in [run for run in self._running if run.due <= now]:
            self._attend(run, now)
        if self._waiting and all(run.announced for run in self._running):
            # They were given ahead because tasks used to be short. Now they would wait long, and others may be idle.
            self.release_waiting("every slot of this worker is busy with a long task")
        self._wake_by(min((run.due for run in self._running), default=NEVER))

    def _attend(self, run: Run, now: int) -> None:
        if run.silent or run.verdict is not None:
            telemetry.emit("task_abandoned", level="warning", task_id=str(run.uuid), command=run.command)
            self._abandoned.add(run)
            self._end(run, run.verdict or Released())
        elif run.deadline <= now:
            self._cancel(run, Failed(timeout_message(run.timeout)))
        else:
            run.due, run.announced = run.deadline, True
            self._started.append(run)
            self._plan_flush()

    def _cancel(self, run: Run, verdict: Outcome | None) -> None:
        """Whatever the function answers to its cancellation, `verdict` is reported: at its end, or after the grace."""
        if run.silent or run.verdict is not None or run.task is None:
            run.silent = run.silent or verdict is None
            return
        run.verdict, run.silent = verdict, verdict is None
        run.due = monotonic_ns() + CANCEL_GRACE_NS
        # Not at once: a task cancelled before its first step never runs, and its slot would stay taken for the grace.
        self._loop.call_soon(run.task.cancel)
        self._wake_by(run.due)


def _final(verdict: Outcome | None, outcome: Outcome) -> Outcome:
    """What we decided, except that nobody runs again what has succeeded, or wants to run no more."""
    match verdict, outcome:
        case (None, _) | (Released(), Succeeded() | Cancelled()):
            return outcome
        case _:
            return verdict


def timeout_message(timeout: float | None) -> str:
    """What people read of a task that ran out of time."""
    return f"timed out after {timeout:g} s"
