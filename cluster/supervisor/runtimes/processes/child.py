"""One role kept running: the state machine between a restart policy and a process."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from cluster.runtime import telemetry
from cluster.supervisor.exits import Exit
from cluster.supervisor.runtimes.processes.process import Process
from cluster.supervisor.runtimes.processes.restarts import Record, RestartPolicy
from cluster.supervisor.runtimes.processes.roles import Role

PROBE_INTERVAL = 0.05
"""Seconds between two looks at a role that is starting."""


class Phase(StrEnum):
    """`waiting → starting → running → backing_off → starting …`, or the ends `done`, `failed`, `gone`."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    DRAINING = "draining"
    FAILED = "failed"
    DONE = "done"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a child was given up."""

    name: str
    code: int
    reason: str


class Child:
    """State: the phase, the process in the phases that have one, when the next thing is due, and the record so far.

    `advance` takes note of what happened outside; `start`, `drain` and `kill` say what is wanted.
    """

    def __init__(
        self, role: Role, policy: RestartPolicy, on_end: Callable[[], None], on_exit: Callable[[Exit], None]
    ) -> None:
        """`on_end` is called when its process may have ended, `on_exit` when it has been reaped."""
        self.role = role
        self.phase = Phase.WAITING
        self.restarts = 0
        self.failure: Failure | None = None
        self._policy = policy
        self._on_end, self._on_exit = on_end, on_exit
        self._record = Record()
        self._process: Process | None = None
        self._ordered_to_die = False
        self._started_at = 0.0
        self._due = 0.0

    def __repr__(self) -> str:
        return f"<Child {self.role.name} {self.phase} pid={self.pid} restarts={self.restarts}>"

    @property
    def pid(self) -> int:
        """0 when there is no process."""
        return self._process.pid if self._process else 0

    @property
    def settled(self) -> bool:
        """It has run well for a while at least once."""
        return self._record.settled

    @property
    def ready(self) -> bool:
        return self.phase in {Phase.RUNNING, Phase.DONE}

    def start(self, now: float) -> None:
        """Start it, unless that was done before."""
        if self.phase is Phase.WAITING:
            self._spawn(now)

    def drain(self, now: float) -> None:
        """SIGTERM; SIGKILL when its patience is over."""
        if self._process is None:
            self.phase = Phase.GONE
        elif self.phase is not Phase.DRAINING:
            self.phase = Phase.DRAINING
            self._due = now + self.role.patience
            self._process.signal(signal.SIGTERM)

    def kill(self) -> bool:
        """SIGKILL by order: the next one is started at once and no failure is counted. False when nothing runs."""
        if self._process is None:
            return False
        self._ordered_to_die = True
        self._process.signal(signal.SIGKILL)
        return True

    def runs(self) -> bool:
        """Whether its process lives right now, whatever the phase says."""
        return self._process is not None and self._process.reap(sweep=self.role.sweep) is None

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.signal(number)

    def advance(self, now: float) -> None:
        """Take note of its end, look whether it is ready, restart or kill it when that is due."""
        if self.phase is Phase.RUNNING:
            self._record = self._policy.ran(self._record, now - self._started_at)
        elif self.phase is Phase.STARTING and self._usable():
            # Asked before it is reaped: a worker's first task may end it between two looks.
            self.phase = Phase.RUNNING
            self._record = replace(self._record, exposed=self.role.runs_tasks)
        if self._process is not None:
            code = self._process.reap(sweep=self.role.sweep)
            if code is not None:
                self._ended(self._process, code, now)
        if self.phase is Phase.BACKING_OFF and now >= self._due:
            self.restarts += 1
            self._spawn(now)
        elif self.phase is Phase.DRAINING and now >= self._due:
            telemetry.emit("child_out_of_time", level="warning", child=self.role.name, seconds=self.role.patience)
            self.signal(signal.SIGKILL)
            self._due = now + self.role.patience

    def next_look(self, now: float) -> float | None:
        """Seconds until `advance` has something to do even if nothing happens."""
        if self.phase is Phase.STARTING:
            return PROBE_INTERVAL
        if self.phase in {Phase.BACKING_OFF, Phase.DRAINING}:
            return max(0.0, self._due - now)
        return None

    def _usable(self) -> bool:
        if self.role.runs_tasks:
            return self._process is not None and self._process.heeds(signal.SIGTERM)
        return self.role.usable()

    def _spawn(self, now: float) -> None:
        self._started_at, self._ordered_to_die = now, False
        role = self.role
        try:
            self._process = Process(role.argv, role.env, self._on_end, silent=role.once)
        except OSError as error:
            self._failed(1, f"{role.argv[0]}: {error.strerror}", now)
            return
        self.phase = Phase.STARTING
        telemetry.emit("child_started", child=role.name, pid=self.pid)
        if role.usable_at_once:
            self.phase = Phase.RUNNING

    def _ended(self, process: Process, code: int, now: float) -> None:
        self._process = None
        ordered = self.phase is Phase.DRAINING or self._ordered_to_die
        self._on_exit(Exit(self.role.name, process.pid, code, ordered))
        reason = process.last_words()
        if self.phase is Phase.DRAINING:
            self.phase = Phase.GONE
            telemetry.emit("child_stopped", child=self.role.name, reason=reason if code else None)
        elif self.role.once and code == 0:
            self.phase = Phase.DONE
        elif self._ordered_to_die:
            self.phase, self._due = Phase.BACKING_OFF, now
            telemetry.emit("child_killed", child=self.role.name)
        else:
            self._failed(code, reason, now)

    def _failed(self, code: int, reason: str, now: float) -> None:
        role = self.role
        self._record = self._record.failed()
        if role.once or self._policy.hopeless(self._record, code):
            self.phase, self.failure = Phase.FAILED, Failure(role.name, code, reason)
            if not role.essential:  # of an essential one it is the supervisor's own last line
                telemetry.emit("child_given_up", level="error", child=role.name, reason=reason)
            return
        pause = self._policy.pause(self._record)
        self.phase, self._due = Phase.BACKING_OFF, now + pause
        telemetry.emit("child_failed", level="warning", child=role.name, reason=reason, restart_in=pause)
