"""Steps of tasks: they are enqueued, claimed, reported on, cancelled and tried again, each as the model says."""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cluster.core.new_task import NewTask
from cluster.core.task import FINAL, State, may_follow
from cluster.store import leases, steering, tasks
from cluster.store.leases import Finished, Held, Late, LeasedTask, Parked, Progress, Retried, Slots, Started
from tests.store.life_draws import (
    COMMANDS,
    ORDER,
    SELDOM,
    SOME_STATES,
    TTL,
    VERBS,
    WANTED,
    claiming,
    given,
    ids,
    some,
    there_is,
)
from tests.store.life_model import Model
from tests.store.life_nouns import Session, Wanted
from tests.store.life_tables import Database


class StepsOfTasks(RuleBasedStateMachine):
    """`due`: scheduled tasks whose time has come. `epochs`: of every leader so far, the present one last."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model()
        self.due: set[UUID] = set()
        self.epochs: list[int] = []
        self.numbers = count(1)
        self.seen: dict[UUID, State] = {}

    # Enqueue.

    @rule(wanted=WANTED)
    def enqueue(self, wanted: list[Wanted]) -> None:
        """Some of them with an id of the caller's that is known already."""
        known = ids(self.model)
        batch = [one.task(UUID(int=next(self.numbers)), known) for one in wanted]
        self._enqueued(batch)

    def _enqueue_one(self) -> None:
        self._enqueued([NewTask(UUID(int=next(self.numbers)), COMMANDS[0])])

    @rule(again=some(lambda model: [task.id for task in model.unfinished()]))
    @there_is(Model.unfinished)
    def enqueue_again_because_the_answer_was_lost(self, again: list[UUID]) -> None:
        batch = [self.model.tasks[task_id] for task_id in again]
        self._enqueued([NewTask(task.id, task.command, priority=task.priority) for task in batch])

    def _enqueued(self, batch: list[NewTask]) -> None:
        expected = self.model.enqueue(batch)
        answers = self.database(tasks.enqueue, batch)
        assert [answer.id for answer in answers] == [answer.id for answer in expected]
        created = Counter(answer.id for answer in answers if answer.created)
        assert created == {answer.id: 1 for answer in expected if answer.created}

    # Claim.

    @rule(
        to=some(claiming, most=2),
        order=ORDER,
        others=st.sampled_from([(), (), ("rare",), COMMANDS]),
        alone=st.booleans(),
    )
    @there_is(claiming)
    def claim(self, to: list[Session], order: list[int], others: tuple[str, ...], alone: bool) -> None:
        if alone:
            self._claim_isolated(to[0])
        else:
            self._claim(to, order, others)

    def _claim(self, to: list[Session], order: list[int], others: tuple[str, ...]) -> None:
        free = [task for task in self.model.claimable(State.READY) if task.command not in others]
        order = [index % len(to) for index in order]
        slots = Slots(order, [session.id for session in to], [session.name for session in to], others)
        leased = self.database(leases.claim, slots, LeasedTask)
        taken = {task.id for task in leased}
        assert taken <= {task.id for task in free} and len(leased) == min(len(order), len(free))
        left = [task.priority for task in free if task.id not in taken]
        assert not taken or not left or max(left) <= min(self.model.tasks[task_id].priority for task_id in taken)
        assert Counter(task.session_id for task in leased) == Counter(to[index].id for index in order[: len(leased)])
        self._claimed(leased)

    def _claim_isolated(self, to: Session) -> None:
        isolated = self.model.claimable(State.ISOLATED)
        assert set(self.database(leases.isolated_commands, COMMANDS)) == {task.command for task in isolated}
        leased = self.database(leases.claim_isolated, to.id, to.name, to.handlers, LeasedTask)
        assert (leased is not None) is any(task.command in to.handlers for task in isolated)
        self._claimed([leased] if leased else [])

    def _claimed(self, leased: Iterable[LeasedTask]) -> None:
        for task in sorted(leased, key=lambda task: task.key):
            self.model.claim(task.id, task.lease_token, task.session_id)
            assert task.attempt == self.model.tasks[task.id].attempt

    # Reports.

    @rule(batch=some(Model.leases), verb=st.sampled_from(VERBS[:-1]), again=SELDOM)
    @there_is(Model.leases)
    def report(self, batch: list[Held], verb: str, again: bool) -> None:
        self._report(verb, batch, again=again)

    @rule(batch=some(given), verb=st.sampled_from(VERBS), again=st.booleans())
    @there_is(given)
    def report_late(self, batch: list[Held], verb: str, again: bool) -> None:
        """Most of these leases are over: nothing is accepted for them, whatever else is in the batch."""
        self._report(verb, batch, again=again)

    def _report(self, verb: str, batch: list[Held], *, again: bool) -> None:
        """`again`: the batch comes twice."""
        for _ in range(1 + again):
            accepted, expected = getattr(self, f"_{verb}")(batch)
            assert accepted == expected
        assert self.database(leases.still_held, batch) == self.model.still_held(batch)
        assert self.database(leases.accepted, batch) == self.model.accepted(batch)

    def _start(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        return self.database(leases.start, [Started(held, 0) for held in batch]), self.model.start(batch)

    def _progress(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        reports = [Progress(held, 0.5, "half of it") for held in batch]
        return self.database(leases.progress, reports), self.model.note_progress(batch, 0.5)

    def _finish(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        """As every final state that a report can have, in turn."""
        states = (State.COMPLETE, State.FAILED, State.CANCELLED, State.DEAD)
        said = {held: states[(held.task_id.int + place) % len(states)] for place, held in enumerate(batch)}
        reports = [
            Finished(held.task_id.bytes, held.token, state, None, 0, None, state.name) for held, state in said.items()
        ]
        return {UUID(bytes=key) for key in self.database(leases.finish, reports)}, self.model.finish(said)

    def _retry(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        expected = self.model.retry(batch, "once more")
        self.due -= expected
        return self.database(leases.retry, [Retried(held, TTL, "once more") for held in batch]), expected

    def _release(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        return self.database(leases.release, batch), self.model.release(batch)

    def _park(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        reports = [Parked(held, "nobody knows it") for held in batch]
        return self.database(leases.park, reports), self.model.park(batch, "nobody knows it")

    def _note(self, batch: list[Held]) -> tuple[set[UUID], set[UUID]]:
        reports = [Late(held, "worker", "too late") for held in batch]
        return self.database(leases.note_stale, reports), self.model.note_stale(batch)

    # By hand.

    @rule(chosen=some(ids, most=4), states=SOME_STATES)
    @there_is(ids)
    def cancel(self, chosen: list[UUID], states: tuple[State, ...]) -> None:
        before = {task_id: (self.model.tasks[task_id].state, self.model.tasks[task_id].lease) for task_id in chosen}
        cancelled = self.model.cancel(chosen, "not wanted", states)
        # Tried again by hand they are ready at once, and not by promotion.
        self.due.difference_update(cancelled)
        changes = self.database(steering.cancel, chosen, "not wanted", states)
        assert [change.id for change in changes] == chosen
        for change in changes:
            state, lease = before[change.id]
            assert (change.was, change.now) == (state, State.CANCELLED if change.id in cancelled else state)
            assert change.token == (lease.token if lease and change.id in cancelled else None)

    @rule(chosen=some(ids, most=4), states=SOME_STATES)
    @there_is(lambda model: model.in_state(*FINAL))
    def retry_by_hand(self, chosen: list[UUID], states: tuple[State, ...]) -> None:
        keys = {self.model.tasks[task_id].unique_key or task_id: task_id for task_id in chosen}
        chosen = [task_id for task_id in chosen if task_id in keys.values()]
        allowed = self.model.retryable(chosen, states)
        changes = self.database(steering.retry, chosen, states)
        assert [(change.id, change.was) for change in changes] == [(i, self.model.tasks[i].state) for i in chosen]
        again = {change.id for change in changes if change.changed}
        assert again <= allowed
        for task_id in again:
            self.model.retry_by_hand(task_id)
        for change in changes:
            if change.id in allowed - again:
                owner = self.model.owner(self.model.tasks[change.id].unique_key)
                assert owner is not None and change.held_by == owner.id

    # What is true at every moment.

    @invariant()
    def the_tables_are_what_the_model_says(self) -> None:
        found = self.database.facts() if self.epochs else {}
        for task_id in found.keys() & self.seen.keys():
            before, after = self.seen[task_id], found[task_id].state
            assert before is after or may_follow(before, after), f"{before.name} → {after.name}"
        self.seen = {task_id: facts.state for task_id, facts in found.items()}
        assert found == {task.id: task.facts() for task in self.model.tasks.values()}
        assert self.database.sums() == self.model.sums()

    @invariant()
    def a_unique_key_has_one_live_owner(self) -> None:
        keys = Counter(task.unique_key for task in self.model.unfinished() if task.unique_key is not None)
        assert not keys or max(keys.values()) == 1
