"""The nouns of the model: tasks, sessions, what is asked of them and what they look like in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from cluster.core.new_task import NewTask
from cluster.core.task import FINAL, HELD, ISOLATE_FROM, State, may_follow
from cluster.store.leases import Held

UNFINISHED = frozenset(State) - FINAL


class Ended(NamedTuple):
    """An entry of the trail: how an attempt ended that did not finish the task."""

    outcome: str
    attempt: int | None
    token: int | None


class Facts(NamedTuple):
    """What a row says of a task, and in which table it is."""

    finished: bool
    state: State
    attempt: int
    crash_count: int
    token: int | None
    session_id: int | None
    error: str | None
    progress: float | None
    command: str
    priority: int
    unique_key: str | None
    trail: tuple[Ended, ...]


class Sums(NamedTuple):
    """The first five are counted over the tables; the others only ever rise."""

    pending: int
    running: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    rescued: int
    stale: int
    quarantined: int


class Wanted(NamedTuple):
    """A task that somebody enqueues. `again`: the caller gives the id of a known task, which this number chooses."""

    again: int | None
    command: str
    priority: int
    delay: float
    unique_key: str | None
    queue: str

    def task(self, fresh: UUID, known: Sequence[UUID]) -> NewTask:
        given = known[self.again % len(known)] if known and self.again is not None else None
        return NewTask(
            given or fresh,
            self.command,
            priority=self.priority,
            delay=self.delay,
            unique_key=self.unique_key,
            queue=self.queue,
            id_given=given is not None,
        )


class Answer(NamedTuple):
    """What somebody who enqueues is told."""

    id: UUID
    created: bool


@dataclass
class Task:
    """`settled`: tokens whose outcome was accepted. `noted`: those whose outcome was refused, which the trail says."""

    id: UUID
    command: str
    priority: int
    unique_key: str | None
    state: State
    queue: str = "default"
    attempt: int = 0
    crash_count: int = 0
    token: int | None = None
    session_id: int | None = None
    error: str | None = None
    progress: float | None = None
    trail: list[Ended] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)
    noted: set[int] = field(default_factory=set)

    @property
    def lease(self) -> Held | None:
        """Finished tasks have none, though their rows keep the token whose outcome was accepted."""
        return Held(self.id, self.token) if self.token is not None and self.state in HELD else None

    @property
    def ready_state(self) -> State:
        return State.ISOLATED if self.crash_count >= ISOLATE_FROM else State.READY

    def become(self, state: State) -> None:
        assert may_follow(self.state, state), f"{self.state.name} → {state.name}"
        self.state = state
        if state not in HELD:
            self.progress = None
        if state in UNFINISHED - HELD:
            self.token = self.session_id = None

    def tell(self, outcome: str) -> None:
        """How the present lease ends goes into the trail."""
        self.trail.append(Ended(outcome, self.attempt, self.token))

    def facts(self) -> Facts:
        return Facts(
            self.state in FINAL,
            self.state,
            self.attempt,
            self.crash_count,
            self.token,
            self.session_id,
            self.error,
            self.progress,
            self.command,
            self.priority,
            self.unique_key,
            tuple(self.trail),
        )


@dataclass(eq=False)
class Session:
    """`kill_ordered`: somebody asked for its end, so no task is to blame for it. `long_ended`: minutes ago."""

    id: int
    name: str
    coordinator: str
    handlers: tuple[str, ...]
    expired: bool = False
    draining: bool = False
    kill_ordered: bool = False
    ended: bool = False
    long_ended: bool = False
    crashed: bool = False

    @property
    def offers(self) -> bool:
        return not (self.expired or self.draining or self.ended)
