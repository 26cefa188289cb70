"""The life of a task in plain Python: what the tables must say after any sequence of calls into the store.

No clock and no SQL: what is due, and which session expired, is what the machine says. Every method does what one
function of the store promises and returns what that function must return.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cluster.core.new_task import NewTask
from cluster.core.task import HELD, QUARANTINE_AT, UNSUCCESSFUL, State
from cluster.store.leases import Held
from tests.store.life_nouns import UNFINISHED, Answer, Ended, Session, Sums, Task


@dataclass
class Model:
    """`given`: every lease there ever was, oldest first. `paused`: queues."""

    tasks: dict[UUID, Task] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    given: list[Held] = field(default_factory=list)
    paused: set[str] = field(default_factory=set)
    retried: int = 0
    rescued: int = 0
    stale: int = 0
    quarantined: int = 0

    # What it says of itself.

    def in_state(self, *states: State) -> list[Task]:
        return [task for task in self.tasks.values() if task.state in states]

    def unfinished(self) -> list[Task]:
        return self.in_state(*UNFINISHED)

    def leases(self) -> list[Held]:
        """Those that hold."""
        return [task.lease for task in self.tasks.values() if task.lease is not None]

    def lost(self, lease: Held) -> bool:
        """Whether it does not hold any more, though its task has not ended."""
        task = self.tasks[lease.task_id]
        return task.state in UNFINISHED and task.token != lease.token

    def sums(self) -> Sums:
        count = {state: len(self.in_state(state)) for state in State}
        return Sums(
            pending=len(self.unfinished()) - count[State.RUNNING],
            running=count[State.RUNNING],
            completed=count[State.COMPLETE],
            failed=count[State.FAILED] + count[State.DEAD] + count[State.QUARANTINED],
            cancelled=count[State.CANCELLED],
            retried=self.retried,
            rescued=self.rescued,
            stale=self.stale,
            quarantined=self.quarantined,
        )

    # Queues.

    def claimable(self, state: State) -> list[Task]:
        """Those of the tasks that a claim may take; ready ones of a paused queue are on their way aside."""
        return [task for task in self.in_state(state) if task.queue not in self.paused]

    def ready_state(self, task: Task) -> State:
        return State.PAUSED if task.queue in self.paused else task.ready_state

    def put_aside(self) -> int:
        meant = [task for task in self.in_state(State.READY, State.ISOLATED) if task.queue in self.paused]
        for task in meant:
            task.become(State.PAUSED)
        return len(meant)

    def bring_back(self) -> int:
        meant = self.claimable(State.PAUSED)
        for task in meant:
            task.become(task.ready_state)
        return len(meant)

    # Before a lease.

    def enqueue(self, tasks: Sequence[NewTask]) -> list[Answer]:
        """One after the other in the order of the store; of two that share an id or a key the first is there first."""
        answers: dict[UUID, UUID] = {}
        created = set[UUID]()
        for new in sorted(tasks, key=lambda task: (task.unique_key or "", task.id)):
            first = self.tasks.get(new.id) or self.owner(new.unique_key)
            if first is None:
                ready = State.PAUSED if new.queue in self.paused else State.READY
                state = State.SCHEDULED if new.delay else ready
                first = self.tasks[new.id] = Task(new.id, new.command, new.priority, new.unique_key, state, new.queue)
                created.add(new.id)
            answers[new.id] = first.id
        return [Answer(answers[new.id], new.id in created) for new in tasks]

    def owner(self, unique_key: str | None) -> Task | None:
        """The unfinished task that has this key."""
        return next(
            (task for task in self.unfinished() if unique_key is not None and task.unique_key == unique_key), None
        )

    def promote(self, task_ids: Iterable[UUID]) -> None:
        for task_id in task_ids:
            self.tasks[task_id].become(self.ready_state(self.tasks[task_id]))

    def claim(self, task_id: UUID, token: int, session_id: int) -> None:
        task = self.tasks[task_id]
        assert all(token > lease.token for lease in self.given if lease.task_id == task_id), "tokens only rise"
        task.become(State.LEASED)
        task.attempt += 1
        task.token, task.session_id = token, session_id
        self.given.append(Held(task_id, token))

    def unparkable(self) -> set[UUID]:
        offered = {command for session in self.sessions.values() if session.offers for command in session.handlers}
        return {task.id for task in self.in_state(State.PARKED) if task.command in offered}

    def unpark(self, task_ids: Iterable[UUID]) -> None:
        for task_id in task_ids:
            self.tasks[task_id].become(self.ready_state(self.tasks[task_id]))
            self.tasks[task_id].error = None

    # What becomes of a lease.

    def start(self, leases: Iterable[Held]) -> set[UUID]:
        return self._each(leases, lambda task: task.become(State.RUNNING), {State.LEASED})

    def note_progress(self, leases: Iterable[Held], fraction: float) -> set[UUID]:
        def note(task: Task) -> None:
            task.progress = fraction

        return self._each(leases, note)

    def finish(self, said: Mapping[Held, State]) -> set[UUID]:
        """With the name of its state for an error."""

        def over(task: Task) -> None:
            assert task.lease is not None
            task.settled.add(task.lease.token)
            state = said[task.lease]
            task.become(state)
            task.error = state.name

        return self._each(said, over)

    def retry(self, leases: Iterable[Held], error: str) -> set[UUID]:
        def again(task: Task) -> None:
            assert task.token is not None
            task.settled.add(task.token)
            task.tell("failed")
            task.become(State.SCHEDULED)
            task.error = error
            self.retried += 1

        return self._each(leases, again)

    def release(self, leases: Iterable[Held]) -> set[UUID]:
        def back(task: Task) -> None:
            task.attempt -= 1
            task.become(self.ready_state(task))

        return self._each(leases, back)

    def park(self, leases: Iterable[Held], reason: str) -> set[UUID]:
        def aside(task: Task) -> None:
            task.attempt -= 1
            task.become(State.PARKED)
            task.error = reason

        return self._each(leases, aside, {State.LEASED})

    def still_held(self, leases: Iterable[Held]) -> set[UUID]:
        return {lease.task_id for lease in _newest(leases) if self.tasks[lease.task_id].lease == lease}

    def accepted(self, leases: Iterable[Held]) -> set[UUID]:
        """Whose outcome of just this lease is written."""
        return {lease.task_id for lease in leases if lease.token in self.tasks[lease.task_id].settled}

    def note_stale(self, leases: Iterable[Held]) -> set[UUID]:
        """Outcomes that came too late, each noted once; what was accepted is not stale, however often it is told."""
        tasks = [(self.tasks[lease.task_id], lease.token) for lease in _newest(leases)]
        late = [(task, token) for task, token in tasks if token not in {task.token, *task.settled, *task.noted}]
        for task, token in late:
            task.noted.add(token)
            task.trail.append(Ended("stale", None, token))
        self.stale += len(late)
        return {task.id for task, _ in late}

    # By hand.

    def cancel(self, task_ids: Iterable[UUID], reason: str, states: Sequence[State] = ()) -> set[UUID]:
        wanted = (set(states) or UNFINISHED) & UNFINISHED
        cancelled = [task for task in map(self.tasks.__getitem__, set(task_ids)) if task.state in wanted]
        for task in cancelled:
            if task.lease is not None:
                task.tell("cancelled")
            task.become(State.CANCELLED)
            task.token, task.error = None, reason
        return {task.id for task in cancelled}

    def retryable(self, task_ids: Iterable[UUID], states: Sequence[State] = ()) -> set[UUID]:
        """Those that ended without success. Of those that share a key with each other or a live task one at most
        comes back."""
        wanted = set(states) or UNSUCCESSFUL
        return {task_id for task_id in task_ids if self.tasks[task_id].state in wanted & UNSUCCESSFUL}

    def retry_by_hand(self, task_id: UUID) -> None:
        task = self.tasks[task_id]
        assert self.owner(task.unique_key) is None, "a live task with the same unique key wins"
        if task.state is State.CANCELLED and task.token is not None:
            # The trail does not tell a task that wanted its own end from one that a person ended.
            task.settled.discard(task.token)
        cancelled = task.state is State.CANCELLED and task.token is None
        if not (cancelled and any(past[:2] == ("cancelled", task.attempt) for past in task.trail)):
            task.tell(task.state.name.lower())
        task.trail.append(Ended("retried", None, None))
        task.crash_count = 0
        task.become(self.ready_state(task))
        task.attempt = 0
        task.error = None
        self.retried += 1

    # Sessions.

    def end(self, session_ids: Iterable[int], coordinator: str | None, *, crashed: bool) -> set[int]:
        """The sessions that ended now; another coordinator's are left alone."""
        over = [
            session
            for session in map(self.sessions.__getitem__, session_ids)
            if not session.ended and coordinator in (None, session.coordinator)
        ]
        for session in over:
            session.ended = True
            session.crashed = crashed and not (session.kill_ordered or session.draining)
        return {session.id for session in over}

    def end_expired(self) -> set[int]:
        """Those that expired end, no task is to blame; all that have ended are returned: a claim may have come late."""
        for session in self.sessions.values():
            if session.expired and not session.ended:
                session.ended = True
        return {session.id for session in self.sessions.values() if session.ended}

    def rescue(self, session_ids: Iterable[int]) -> dict[UUID, State]:
        lost = {session_id for session_id in session_ids if self.sessions[session_id].ended}
        rescued = [task for task in self.in_state(*HELD) if task.session_id in lost]
        for task in rescued:
            self._bring_back(task, crashed=self.sessions[task.session_id or 0].crashed)
        return {task.id: task.state for task in rescued}

    def _bring_back(self, task: Task, *, crashed: bool) -> None:
        if crashed or task.state is State.RUNNING:
            task.tell("crashed" if crashed else "rescued")
        task.crash_count += crashed
        if task.crash_count >= QUARANTINE_AT:
            task.become(State.QUARANTINED)
            task.token, task.error = None, "quarantined"
            self.quarantined += 1
        else:
            task.attempt -= 1
            task.become(self.ready_state(task))
            self.rescued += 1

    def _each(
        self, leases: Iterable[Held], change: Callable[[Task], None], states: Iterable[State] = HELD
    ) -> set[UUID]:
        """Change the tasks whose lease holds."""
        tasks = [(self.tasks[lease.task_id], lease) for lease in _newest(leases)]
        accepted = [task for task, lease in tasks if task.lease == lease and task.state in states]
        for task in accepted:
            change(task)
        return {task.id for task in accepted}


def _newest(leases: Iterable[Held]) -> list[Held]:
    """Of several leases of one task in a batch only the newest is looked at."""
    return list({lease.task_id: lease for lease in sorted(leases)}.values())
