"""Who runs now and who waits: the slots of one worker, on the task thread."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Iterable, Mapping
from time import monotonic_ns
from typing import Any, Protocol

from cluster.core.outcome import Cancelled, Failed, Outcome, Released, Succeeded
from cluster.runtime import telemetry
from cluster.worker.alarm import Alarm
from cluster.worker.gathering import Gathering, Report
from cluster.worker.invoke import Prepared
from cluster.worker.progress import OnProgress, unheard
from cluster.worker.run import NEVER, Run

ANNOUNCE_NS = 200_000_000
"""A run that lasts longer than this is told as started; a shorter one only as finished."""
PATIENCE_NS = 2_000_000_000
"""What has waited longer for a slot is given back: it was fed ahead for a fraction of that (`core.dispatch`)."""
CANCEL_GRACE_NS = 2_000_000_000
"""How long a cancelled run may take to end before its slot is given to another."""


class Elsewhere(Protocol):
    """Where plain functions run. It keeps their timeouts, and tells `Slots.ended` of each run how it ended."""

    def begin(self, runs: list[Run]) -> None: ...

    def kill(self, runs: list[Run]) -> None:
        """End these if they go on; of each that did it is told that it ended."""


class Slots:
    """At most `slots` runs at once, the others wait in the order they came.

    Lives on one event loop and is called on that loop only. `report` is called with the runs that started (and last)
    and with those that have an outcome, `on_progress` with what a run says of itself, from whichever thread it does.

    State: the waiting, the running and the abandoned runs, what is to be begun elsewhere, what is to be reported, the
    alarm for whatever is due first, and which run waited last at a look since when.
    """

    def __init__(
        self,
        slots: int,
        handlers: Mapping[str, Prepared],
        elsewhere: Elsewhere,
        report: Report,
        on_progress: OnProgress = unheard,
    ) -> None:
        self._slots = slots
        self._handlers = handlers
        self._elsewhere = elsewhere
        self._on_progress = on_progress
        self._loop = asyncio.get_running_loop()
        # Every run gets a copy of this one, so that context variables of one task never reach the next.
        self._context = contextvars.Context()
        self._waiting: deque[Run] = deque()
        self._running: set[Run] = set()
        self._abandoned: set[Run] = set()
        self._plain: list[Run] = []
        self._gathering = Gathering(self._loop, report)
        self._alarm = Alarm(self._loop, self._look)
        self._last: Run | None = None
        self._last_seen = 0

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
        return self._gathering.ended

    def take(self, runs: Iterable[Run]) -> None:
        self._waiting.extend(runs)
        self._fill()
        if self._waiting:
            self._alarm.by(monotonic_ns() + ANNOUNCE_NS)

    def ended(self, ended: Iterable[tuple[Run, Outcome]]) -> None:
        """These ran elsewhere."""
        for run, outcome in ended:
            self._leave(run, outcome)
        self._fill()

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
        doomed = [run for run in running if self._cancel(run, verdict)]
        if doomed:
            self._elsewhere.kill(doomed)

    def _fill(self) -> None:
        waiting, running = self._waiting, self._running
        while waiting and len(running) < self._slots:
            self._begin(waiting.popleft())
        if self._plain:
            begun, self._plain = self._plain, []
            self._elsewhere.begin(begun)

    def _begin(self, run: Run) -> None:
        handler = self._handlers.get(run.command)
        if handler is None:
            self._settle(run, Released("this worker does not know the command"))
            return
        run.started = now = monotonic_ns()
        run.due = now + ANNOUNCE_NS
        self._running.add(run)
        if handler.asynchronous:
            if run.timeout is not None:
                run.deadline = now + int(run.timeout * 1e9)
                run.due = min(run.due, run.deadline)
            # Not loop.create_task: it makes up a name first, for a task that has one.
            run.task = asyncio.Task(
                handler.run(run, self._on_progress, self._end),
                loop=self._loop,
                name=run.command,
                context=self._context.copy(),
            )
        else:
            self._plain.append(run)
        if run.due < self._alarm.due:
            self._alarm.by(run.due)

    def _end(self, run: Run, outcome: Outcome) -> None:
        self._leave(run, outcome)
        self._fill()

    def _leave(self, run: Run, outcome: Outcome) -> None:
        """Its slot is free. A run that was abandoned and ends after all has its outcome already."""
        if run.outcome is not None:
            self._abandoned.discard(run)
            return
        run.finished = monotonic_ns()
        self._running.discard(run)
        self._settle(run, outcome if run.verdict is None else _final(run.verdict, outcome))

    def _settle(self, run: Run, outcome: Outcome) -> None:
        run.outcome = outcome
        run.payload = b""
        run.task = None
        if not run.silent:
            self._gathering.add_ended(run, bool(self._waiting))

    # ------------------------------------------------------------------ what is due

    def _look(self) -> None:
        now = monotonic_ns()
        for run in [run for run in self._running if run.due <= now]:
            self._attend(run, now)
        # They were given ahead because tasks used to be short. Now they would wait long, and others may be idle.
        if self._waiting and all(run.announced for run in self._running):
            self.release_waiting("every slot of this worker is busy with a long task")
        elif self._waiting and self._waits_long(now):
            self.release_waiting("the slots of this worker take longer than they did")
        self._alarm.by(min((run.due for run in self._running), default=NEVER))

    def _waits_long(self, now: int) -> bool:
        """Whether not all that waited PATIENCE_NS ago has begun. The last one tells, for they keep their order: noting
        when each came would cost every task something."""
        if self._last is None or self._last.started or self._last.outcome is not None:
            self._last, self._last_seen = self._waiting[-1], now
        return now - self._last_seen >= PATIENCE_NS

    def _attend(self, run: Run, now: int) -> None:
        if run.silent or run.verdict is not None:
            telemetry.emit("task_abandoned", level="warning", task_id=str(run.uuid), command=run.command)
            self._abandoned.add(run)
            self._leave(run, run.verdict or Released())
            self._fill()
        elif run.deadline <= now:
            self._cancel(run, Failed(timeout_message(run.timeout)))
        else:
            run.due, run.announced = run.deadline, True
            self._gathering.add_started(run)

    def _cancel(self, run: Run, verdict: Outcome | None) -> bool:
        """Whatever the function answers to its cancellation, `verdict` is reported: at its end, or after the grace.

        Whether it runs elsewhere and has to be killed there.
        """
        if run.silent or run.verdict is not None:
            run.silent = run.silent or verdict is None
            return False
        run.verdict, run.silent = verdict, verdict is None
        run.due = monotonic_ns() + CANCEL_GRACE_NS
        self._alarm.by(run.due)
        if run.task is None:
            return True
        # Not at once: a task cancelled before its first step never runs, and its slot would stay taken for the grace.
        self._loop.call_soon(run.task.cancel)
        return False


def _final(verdict: Outcome, outcome: Outcome) -> Outcome:
    """What we decided, except that nobody runs again what has succeeded, or wants to run no more."""
    match verdict, outcome:
        case Released(), Succeeded() | Cancelled():
            return outcome
        case _:
            return verdict


def timeout_message(timeout: float | None) -> str:
    """What people read of a task that ran out of time."""
    return f"timed out after {timeout:g} s"
