"""All children of the supervisor: what is started when, how many workers there are, in which order all stop."""

import signal
from collections.abc import Callable, Iterator, Sequence

from cluster.supervisor.exits import Exit
from cluster.supervisor.runtimes.processes.child import Child, Failure, Phase
from cluster.supervisor.runtimes.processes.restarts import RestartPolicy
from cluster.supervisor.runtimes.processes.roles import Role, Stage
from cluster.supervisor.runtimes.runtime import Member
from cluster.supervisor.runtimes.scaling import reconcile

STATES = {
    Phase.WAITING: "starting",
    Phase.STARTING: "starting",
    Phase.RUNNING: "running",
    Phase.BACKING_OFF: "backing_off",
    Phase.DRAINING: "draining",
    Phase.FAILED: "failed",
}
"""Phases as the wire contract calls them; a child in any other one is not there."""


class Crew:
    """State: the fixed children, the workers by number, how many are wanted, and whether all is coming to its end.

    `advance` looks at everything and does what is due; it is synchronous, so nothing happens in the middle of it.
    """

    def __init__(
        self,
        fixed: Sequence[Role],
        worker: Callable[[int], Role],
        desired: int,
        *,
        policy: RestartPolicy | None = None,
        on_end: Callable[[], None],
        on_exit: Callable[[Exit], None],
    ) -> None:
        """`worker` makes the role of a number; `on_end` is called when a child may have ended, `on_exit` when a worker
        has.
        """
        self.desired = desired
        self._policy = policy or RestartPolicy()
        self._on_end, self._on_exit = on_end, on_exit
        self._worker = worker
        self._fixed = [Child(role, self._policy, on_end, _nobody_asks) for role in fixed]
        self._workers: dict[int, Child] = {}
        self._workers_may_start = False
        self._a_worker_settled = False
        self._stopping = False

    def __repr__(self) -> str:
        return f"<Crew desired={self.desired} stopping={self._stopping} {[*self.children()]}>"

    def children(self) -> Iterator[Child]:
        """Fixed ones in the order they start, then the workers in the order they were started."""
        yield from self._fixed
        yield from self._workers.values()

    def members(self) -> list[Member]:
        """Those of the children that are there, or shall be again."""
        return [
            Member(child.role.name, child.role.kind, STATES[child.phase], child.pid, child.restarts)
            for child in self.children()
            if child.phase in STATES
        ]

    @property
    def failure(self) -> Failure | None:
        """Why going on is pointless: an essential child, or every worker that was ever started, was given up."""
        for child in self._fixed:
            if child.failure is not None and child.role.essential:
                return child.failure
        failures = [child.failure for child in self._workers.values()]
        hopeless = failures and all(failures) and not self._a_worker_settled
        return failures[0] if hopeless else None

    @property
    def gone(self) -> bool:
        """Everything was told to stop, and has."""
        return self._stopping and all(child.phase is Phase.GONE for child in self.children())

    def scale(self, count: int) -> None:
        """Want so many workers. Those that were given up count as gone, so they are tried again."""
        self.desired = count
        self._workers = {number: child for number, child in self._workers.items() if child.phase is not Phase.FAILED}

    def kill(self, name: str) -> bool:
        """SIGKILL a worker by name; another one takes its place. False when no such worker runs here."""
        return any(child.kill() for child in self._workers.values() if child.role.name == name)

    def drain(self, name: str, now: float) -> bool:
        """Let a worker finish what runs; another one takes its place. False when no such worker runs here."""
        meant = [child for child in self._workers.values() if child.role.name == name and child.pid]
        for child in meant:
            child.drain(now)
        return bool(meant)

    def stop(self) -> None:
        """Drain the workers, then close the services, then the database."""
        self._stopping = True

    def stop_at_once(self) -> list[Child]:
        """SIGKILL all, but SIGTERM to what has children that are not ours; returns those."""
        orderly = [child for child in self.children() if not child.role.sweep and child.pid]
        for child in self.children():
            child.signal(signal.SIGTERM if child in orderly else signal.SIGKILL)
        return orderly

    def advance(self, now: float) -> float | None:
        """Seconds until there is something to do even if nothing happens."""
        for child in self.children():
            child.advance(now)
        self._a_worker_settled |= any(child.settled for child in self._workers.values())
        if self._stopping:
            self._stop_next_stage(now)
        elif self.failure is None:
            self._start_next_stage(now)
        self._workers = {number: child for number, child in self._workers.items() if child.phase is not Phase.GONE}
        return min((look for child in self.children() if (look := child.next_look(now)) is not None), default=None)

    def _start_next_stage(self, now: float) -> None:
        for stage in Stage:
            children = [child for child in self._fixed if child.role.stage is stage]
            for child in children:
                child.start(now)
            # Only before the first start: a coordinator that is being restarted does not hold up a worker's restart.
            if not self._workers_may_start and not all(child.ready for child in children if child.role.awaited):
                return
        self._workers_may_start = True
        self._scale(now)

    def _scale(self, now: float) -> None:
        # Also those that have just gone: whoever took the place of one is not one too many.
        going = {Phase.DRAINING, Phase.GONE}
        leaving = {number for number, child in self._workers.items() if child.phase in going}
        change = reconcile(self.desired, self._workers.keys() - leaving, leaving)
        for number in change.start:
            self._workers[number] = Child(self._worker(number), self._policy, self._on_end, self._on_exit)
            self._workers[number].start(now)
        for number in change.drain:
            self._workers[number].drain(now)

    def _stop_next_stage(self, now: float) -> None:
        for stage in reversed(Stage):
            left = [child for child in self.children() if child.role.stage is stage and child.phase is not Phase.GONE]
            for child in left:
                child.drain(now)
            if any(child.phase is not Phase.GONE for child in left):
                return


def _nobody_asks(_exit: Exit) -> None:
    """Only workers have sessions that end with them."""
