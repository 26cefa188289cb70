"""The state machine: calls into the store in any order, on real PostgreSQL, each compared with the model.

Time is made, not waited for: a task becomes due, a session expires and minutes pass by an UPDATE.

Hypothesis replays what it did, so nothing may hang on chance: ids are counted, and no call leaves PostgreSQL a choice
(which of several to unpark, or which of two that share a key to run again).

A rule stands for several calls: for every example Hypothesis chooses which rules take part, and with one rule for each
call hardly a task would come further than to its first lease.
"""

import sys
from collections.abc import Sequence
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from cluster.core.task import HELD, State
from cluster.store import counters, due, leadership, leases, orders, queues, sessions
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
    TTL,
    WANTED,
    all_sessions,
    claiming,
    some,
    there_is,
)
from tests.store.life_nouns import Session, Wanted
from tests.store.life_steps import StepsOfTasks


class LifeOfTasks(StepsOfTasks):
    """Their steps, and what is around them: queues are paused, workers come and go, time passes, somebody leads."""

    @initialize(wanted=WANTED, order=ORDER)
    def begin(self, wanted: list[Wanted], order: list[int]) -> None:
        """Whichever rules take part, there are tasks that wait and tasks that are held."""
        self.database.empty()
        self._elect()
        self._open(COMMANDS, "c1")
        self.enqueue(wanted)
        self._claim(claiming(self.model), order, ())
        self._enqueue_one()

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
