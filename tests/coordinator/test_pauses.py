"""What the leader does for paused queues, a step at a time."""

import pytest

from cluster.coordinator import pauses as module
from cluster.coordinator.pauses import LOOK, Pauses
from cluster.core.task import State
from cluster.store import queues
from tests.store.made import add, lead


@pytest.fixture
def woken():
    return []


@pytest.fixture
def pauses(woken):
    return Pauses(lambda: woken.append(True))


async def states(conn):
    return {State(state) for (state,) in await (await conn.execute("SELECT state FROM tasks")).fetchall()}


async def test_what_is_ready_is_put_aside_in_steps_and_comes_back(conn, pauses, woken, monkeypatch):
    monkeypatch.setattr(module, "STEP", 3)
    epoch = await lead(conn)
    await add(conn, 7, queue="slow")
    await queues.pause(conn, "slow")
    assert [await pauses.step(conn, epoch) for _ in range(4)] == [0.0, 0.0, LOOK, LOOK]
    assert await states(conn) == {State.PAUSED}
    await queues.resume(conn, "slow")
    assert [await pauses.step(conn, epoch) for _ in range(4)] == [0.0, 0.0, LOOK, LOOK]
    assert await states(conn) == {State.READY}
    assert len(woken) == 3


async def test_a_queue_that_was_resumed_and_paused_between_two_looks_is_put_aside_again(conn, pauses):
    epoch = await lead(conn)
    await queues.pause(conn, "slow")
    await pauses.step(conn, epoch)
    await queues.resume(conn, "slow")
    await add(conn, 1, queue="slow")
    await queues.pause(conn, "slow")
    await pauses.step(conn, epoch)
    assert await states(conn) == {State.PAUSED}


async def test_a_leader_whose_time_was_over_for_a_moment_goes_on_with_its_walk(conn, pauses):
    epoch = await lead(conn)
    await add(conn, 1, queue="slow")
    await queues.pause(conn, "slow")
    await conn.execute("UPDATE leader SET expires_at = statement_timestamp()")
    assert await pauses.step(conn, epoch) == LOOK
    await conn.execute("UPDATE leader SET expires_at = 'infinity'")
    await pauses.step(conn, epoch)
    assert await states(conn) == {State.PAUSED}


async def test_another_leader_walks_again(conn, pauses):
    await queues.pause(conn, "slow")
    await pauses.step(conn, await lead(conn))
    await add(conn, 1, queue="slow")
    await conn.execute("UPDATE tasks SET state = 1")
    await pauses.step(conn, await lead(conn, "c2"))
    assert await states(conn) == {State.PAUSED}
