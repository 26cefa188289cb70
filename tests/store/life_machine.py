"""The state machine: calls into the store in any order, on real PostgreSQL, each compared with the model.

Time is made, not waited for: a task becomes due, a session expires and minutes pass by an UPDATE.

Hypothesis replays what it did, so nothing may hang on chance: ids are counted, and no call leaves PostgreSQL a choice
(which of several to unpark, or which of two that share a key to run again).

A rule stands for several calls: for every example Hypothesis chooses which rules take part, and with one rule for each
call hardly a task would come further than to its first lease.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.core.new_task import NewTask
from cluster.core.task import FINAL, HELD, State, may_follow
from cluster.store import counters, due, leadership, leases, orders, queues, sessions, steering, tasks
from cluster.store.leases import Finished, Held, Late, LeasedTask, Parked, Progress, Retried, Slots, Started
from cluster.store.pool import Connection
from cluster.store.sessions import Pulse, Registration
from cluster.store.statements import statement
from tests.store.life_draws import (
    ALL,
    COMMANDS,
    COORDINATORS,
    MOST,
    ORDER,
    QUEUES,
    SELDOM,
    SOME_STATES,
    TTL,
    VERBS,
    WANTED,
    all_sessions,
    claiming,
    given,
    ids,
    some,
    there_is,
)
from tests.store.life_model import Model
from tests.store.life_nouns import Session, Wanted
from tests.store.life_tables import Database


class LifeOfTasks(RuleBasedStateMachine):
    """`due`: scheduled tasks whose time has come. `epochs`: of every leader so far, the present one last."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model()
        self.due: set[UUID] = set()
        self.epochs: list[int] = []
        self.numbers = count(1)
        self.seen: dict[UUID, State] = {}

    @initialize(wanted=WANTED, order=ORDER)
    def begin(self, wanted: list[Wanted], order: list[int]) -> None:
        """Whichever rules take part, there are tasks that wait and tasks that are held."""
        self.database.empty()
        self._elect()
        self._open(COMMANDS, "c1")
        self.enqueue(wanted)
        self._claim(claiming(self.model), order, ())
        self._enqueue_one()

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

    # Queues.

    @rule(queue=st.sampled_from(QUEUES), paused=st.booleans(), walked=st.booleans())
    def a_queue_is_paused_or_resumed(self, queue: str, paused: bool, walked: bool) -> None:
        """`walked`: the leader has been there, too."""
        if paused:
            assert self.database(queues.pause, queue).changed is (queue not in self.model.paused)
            self.model.paused.add(queue)
        else:
            assert self.database(queues.resume, queue) is (queue in self.model.paused)
            self.model.paused.discard(queue)
        self.the_tables_are_what_the_model_says()
        if walked:
            self._see_to_queues()

    def _see_to_queues(self) -> None:
        walk, aside = queues.BEGINNING, 0
        while walk is not None:
            step, walk = self.database(queues.put_aside, self.epochs[-1], walk, 3)
            aside += step
        assert aside == self.model.put_aside()
        assert self.database(queues.bring_back, self.epochs[-1], ALL) == self.model.bring_back()

    # Workers.

    @rule(handlers=st.sampled_from([("noop",), COMMANDS]), coordinator=st.sampled_from(COORDINATORS))
    def a_worker_comes(self, handlers: tuple[str, ...], coordinator: str) -> None:
        self._open(handlers, coordinator)

    def _open(self, handlers: tuple[str, ...], coordinator: str) -> Session:
        name = f"worker-{next(self.numbers)}"
        registration = Registration(name, name, "127.0.0.1:1", coordinator, 5, True, handlers)
        session_id = self.database(sessions.open_session, registration, TTL)
        return self.model.sessions.setdefault(session_id, Session(session_id, name, coordinator, handlers))

    @rule(chosen=some(all_sessions, most=1), coordinator=st.sampled_from(COORDINATORS), draining=SELDOM)
    @there_is(all_sessions)
    def a_worker_is_heard(self, chosen: list[Session], coordinator: str, draining: bool) -> None:
        [session] = chosen
        lives = not session.ended and session.coordinator == coordinator
        pulse = Pulse(session.id, 0, 0, 0, 0.0, draining, 0.0)
        assert self.database(sessions.prolong, coordinator, [pulse], TTL) == ({session.id} if lives else set())
        if lives:
            session.expired, session.draining = False, draining

    @rule(chosen=some(all_sessions, most=1), coordinator=st.sampled_from(COORDINATORS))
    @there_is(all_sessions)
    def a_worker_finds_another_coordinator(self, chosen: list[Session], coordinator: str) -> None:
        [session] = chosen
        adopted = self.database(sessions.adopt_session, session.id, session.name, coordinator, TTL)
        assert adopted is not session.ended
        if adopted:
            session.coordinator, session.expired = coordinator, False

    @rule(order=ORDER, crashes=st.integers(1, 3))
    def workers_crash_one_after_the_other(self, order: list[int], crashes: int) -> None:
        """Each over what the one before left behind."""
        if not (self.model.claimable(State.READY) or self.model.claimable(State.ISOLATED)):
            self.a_queue_is_paused_or_resumed("default", False, True)
            self._enqueue_one()
            self.the_tables_are_what_the_model_says()
        for _ in range(crashes):
            session = self._open(COMMANDS, "c1")
            if self.model.claimable(State.ISOLATED):
                self._claim_isolated(session)
            else:
                self._claim([session], order, ())
            self.the_tables_are_what_the_model_says()
            self._end([session], "c1", crashed=True, dies=False)
            self.the_tables_are_what_the_model_says()

    @rule(
        chosen=some(all_sessions, most=2),
        coordinator=st.sampled_from([None, *COORDINATORS]),
        crashed=st.booleans(),
        ordered=SELDOM,
        dies=SELDOM,
    )
    @there_is(all_sessions)
    def workers_end(
        self, chosen: list[Session], coordinator: str | None, crashed: bool, ordered: bool, dies: bool
    ) -> None:
        """`ordered`: somebody wanted the first one killed. `dies`: the coordinator, when it had only ended them."""
        if ordered:
            self.database(orders.order_kill, chosen[0].name)
            chosen[0].kill_ordered = True
        self._end(chosen, coordinator, crashed=crashed, dies=dies)

    def _end(self, chosen: list[Session], coordinator: str | None, *, crashed: bool, dies: bool) -> None:
        session_ids = [session.id for session in chosen]
        over = self.model.end(session_ids, coordinator, crashed=crashed)
        call = _end_only if dies else sessions.end_sessions
        rescued = self.database(call, coordinator, session_ids, "gone", crashed=crashed)
        assert {task.task_id: task.state for task in rescued} == ({} if dies else self.model.rescue(over))

    # Time, and who leads.

    @rule(others_only=SELDOM, chosen=some(all_sessions, most=2), later=SELDOM)
    @there_is(all_sessions)
    def time_passes(self, others_only: bool, chosen: list[Session], later: bool) -> None:
        """Tasks become due, sessions expire; `later`: so much that no claim can be under way for those that ended."""
        if not others_only:
            self.database.execute("UPDATE tasks SET scheduled_at = '2020-01-01' WHERE state = 0")
            self.due = {task.id for task in self.model.in_state(State.SCHEDULED)}
        for session in chosen:
            self.database.execute("UPDATE sessions SET expires_at = '-infinity' WHERE id = %(id)s", id=session.id)
            session.expired = True
        if later:
            self.database.execute("UPDATE sessions SET ended_at = ended_at - interval '2 minutes'")
            for session in self.model.sessions.values():
                session.long_ended = session.ended

    @rule(
        duty=st.sampled_from(["promote", "unpark", "end_expired", "fold", "elect", "wake_up"]), most=MOST, dies=SELDOM
    )
    def somebody_leads(self, duty: str, most: int, dies: bool) -> None:
        match duty:
            case "promote":
                self._promote(most)
            case "unpark":
                self._unpark()
            case "end_expired":
                self._end_expired(dies=dies)
            case "fold":
                self.database(counters.fold, self.epochs[-1])
            case _:
                self._elect()
                self._leaders_of_the_past_wake_up()

    def _promote(self, most: int) -> None:
        promotion = self.database(due.promote, self.epochs[-1], most)
        found = self.database.facts()
        ready = (State.READY, State.ISOLATED, State.PAUSED)
        promoted = {task_id for task_id in self.due if found[task_id].state in ready}
        assert promotion.promoted == len(promoted) == min(most, len(self._overdue()))
        self.model.promote(promoted)
        self.due -= promoted
        if len(promoted) == most:
            assert promotion.next_due == 0
        else:
            assert (promotion.next_due is not None) is bool(self.model.in_state(State.SCHEDULED))

    def _overdue(self) -> set[UUID]:
        return self.due & {task.id for task in self.model.in_state(State.SCHEDULED)}

    def _unpark(self) -> None:
        expected = self.model.unparkable()
        assert self.database(leases.unpark, self.epochs[-1], ALL) == expected
        self.model.unpark(expected)

    def _end_expired(self, *, dies: bool) -> None:
        """`dies`: the leader, when it had only ended them."""
        over = self.model.end_expired()
        rescued = self.database(_end_expired_only if dies else sessions.end_expired, self.epochs[-1], "silent")
        assert {task.task_id: task.state for task in rescued} == ({} if dies else self.model.rescue(over))

    def _elect(self) -> None:
        self.database.execute("UPDATE leader SET expires_at = '-infinity'")
        elected = self.database(leadership.elect, f"c{len(self.epochs)}", TTL)
        assert elected.leading and elected.epoch > max(self.epochs, default=0)
        self.epochs.append(elected.epoch)

    def _leaders_of_the_past_wake_up(self) -> None:
        for past in self.epochs[:-1]:
            assert self.database(due.promote, past, ALL).promoted == 0
            assert self.database(leases.unpark, past, ALL) == set()
            assert self.database(queues.put_aside, past, queues.BEGINNING, ALL) == (0, queues.BEGINNING)
            assert self.database(queues.bring_back, past, ALL) == 0
            assert self.database(sessions.end_expired, past, "silent") == []
            self.database(counters.fold, past)

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

    def teardown(self) -> None:
        """Whatever happened: when every worker is gone, whoever leads brings everything back."""
        if self.epochs and sys.exc_info()[0] is None:
            self.time_passes(True, all_sessions(self.model), True)
            self._end_expired(dies=False)
            self.the_tables_are_what_the_model_says()
            assert not self.model.in_state(*HELD)


async def _end_only(
    connection: Connection, coordinator: str | None, session_ids: Sequence[int], reason: str, *, crashed: bool
) -> list[sessions.Rescued]:
    parameters = {"ids": sorted(session_ids), "coordinator": coordinator, "reason": reason, "crashed": crashed}
    await connection.execute(statement("session_end"), parameters)
    return []


async def _end_expired_only(connection: Connection, epoch: int, reason: str) -> list[sessions.Rescued]:
    await connection.execute(statement("session_end_expired"), {"epoch": epoch, "reason": reason})
    return []
