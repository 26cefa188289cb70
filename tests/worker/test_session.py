"""One life of a worker, as it tells it to coordinators."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.coordinators import Coordinators
from cluster.worker.session import LONGEST_PAUSE, Health, Identity, Session
from tests.fixtures.eventually import eventually
from tests.worker.peer import INTERVAL, Peer

IDENTITY = Identity("worker-1", 5, (pb.Handler(command="noop"),), "host-1", 4711)


class Life:
    """A session that the test steps itself, and what it said when it was over."""

    def __init__(self, *addresses: str) -> None:
        self.coordinators = Coordinators(addresses, call_seconds=5)
        self.ends = 0
        self.session = Session(
            IDENTITY, self.coordinators, 5.0, health=lambda: Health(1, 0.25, "crunch", 2.5), over=self._over
        )
        self.session.address = "127.0.0.1:1"

    def _over(self) -> None:
        self.ends += 1


@pytest_asyncio.fixture
async def life(peer: Peer) -> AsyncIterator[Life]:
    life = Life(peer.address)
    yield life
    await life.coordinators.stop()


async def test_the_first_heartbeat_registers_and_the_answer_sets_the_pace(peer: Peer, life: Life) -> None:
    assert await life.session.step() == INTERVAL
    assert life.session.id == 1
    await life.session.step()
    first, second = peer.heartbeats
    assert (first.session_id, second.session_id) == (0, 1)
    assert (first.loop_lag_seconds, first.rss_bytes, first.streaming) == (0.25, 1, True)
    assert first.worker_id == second.worker_id


async def test_a_session_that_is_over_is_followed_at_once_by_another_life(peer: Peer, life: Life) -> None:
    await life.session.step()
    old = life.session.worker_id
    peer.over.add(1)
    assert await life.session.step() == 0.0
    assert (life.ends, life.session.id) == (1, 0)
    await life.session.step()
    assert life.session.id == 2
    assert peer.heartbeats[-1].worker_id == life.session.worker_id != old


async def test_a_worker_that_drains_does_not_begin_another_life(peer: Peer, life: Life) -> None:
    await life.session.step()
    told = asyncio.create_task(life.session.drain())
    await asyncio.sleep(0)
    peer.over.add(1)
    assert await life.session.step() > 0
    await told
    assert peer.heartbeats[-1].draining
    assert life.ends == 1


async def test_a_registration_that_is_refused_is_tried_again_under_another_id_and_not_at_once(
    peer: Peer, life: Life
) -> None:
    peer.over.update({1, 2})
    assert 0 < await life.session.step() < 0.2
    assert 0 < await life.session.step() < 0.3
    assert life.ends == 0
    await life.session.step()
    assert life.session.id == 3
    assert len({beat.worker_id for beat in peer.heartbeats}) == 3


async def test_a_coordinator_that_does_not_answer_is_left_for_the_next(peer: Peer) -> None:
    life = Life("127.0.0.1:1", peer.address)
    try:
        assert 0 < await life.session.step() < 0.2
        assert await life.session.step() == INTERVAL
        assert life.coordinators.current == peer.address

        # The session stays what it is when its coordinator changes: the next one adopts it.
        life.coordinators.rotate()
        await life.session.step()
        await life.session.step()
        assert [beat.session_id for beat in peer.heartbeats] == [0, 1]
        assert life.ends == 0
    finally:
        await life.coordinators.stop()


async def test_pauses_grow_while_nobody_answers_but_never_much_beyond_a_second() -> None:
    life = Life("127.0.0.1:1")
    try:
        pauses = [await life.session.step() for _ in range(10)]
    finally:
        await life.coordinators.stop()
    assert pauses[0] < 0.2
    assert 0.8 * LONGEST_PAUSE <= pauses[-1] <= 1.2 * LONGEST_PAUSE


async def test_a_heartbeat_says_where_its_process_runs_and_who_blocks_it(peer: Peer, life: Life) -> None:
    await life.session.step()
    (beat,) = peer.heartbeats
    assert (beat.host, beat.pid) == ("host-1", 4711)
    assert (beat.blocked_by, beat.blocked_seconds) == ("crunch", 2.5)


async def test_only_its_own_session_is_served(life: Life) -> None:
    await life.session.step()
    assert await life.session.reason_against(1, "") == ""
    assert await life.session.reason_against(2, "") == "session 2 is not ours"


async def test_only_the_coordinator_that_answered_last_is_served(peer: Peer, life: Life) -> None:
    await life.session.step()
    assert await life.session.reason_against(1, "peer") == ""
    said = await life.session.reason_against(1, "other")
    assert said == "coordinator other is not ours: peer answered our last heartbeat"

    peer.coordinator_id = "other"
    await life.session.step()
    assert await life.session.reason_against(1, "other") == ""
    assert "peer is not ours" in await life.session.reason_against(1, "peer")


async def test_a_coordinator_that_says_not_who_it_is_is_served(peer: Peer, life: Life) -> None:
    peer.coordinator_id = ""
    await life.session.step()
    assert await life.session.reason_against(1, "other") == ""


async def test_a_new_coordinator_may_dial_before_its_answer_has_got_here(peer: Peer, life: Life) -> None:
    peer.answers.clear()
    registering = asyncio.create_task(life.session.step())
    await eventually(lambda: peer.heartbeats)
    first = asyncio.create_task(life.session.reason_against(1, "peer"))
    await asyncio.sleep(0)
    assert not first.done()
    peer.answers.set()
    assert await first == ""
    await registering

    peer.coordinator_id = "other"
    peer.answers.clear()
    adopting = asyncio.create_task(life.session.step())
    await eventually(lambda: len(peer.heartbeats) == 2)
    theirs, stranger = (asyncio.create_task(life.session.reason_against(1, name)) for name in ("other", "third"))
    # Who was right until now is served at once: perhaps it is its answer that is on its way.
    assert await life.session.reason_against(1, "peer") == ""
    assert not theirs.done()
    peer.answers.set()
    assert await theirs == ""
    assert "other answered our last heartbeat" in await stranger
    await adopting
