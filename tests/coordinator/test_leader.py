"""One leads. Whoever takes over does all the duties at once; whoever was frozen while it led can do no harm."""

from dataclasses import replace
from math import inf

import pytest

from cluster.coordinator.coordinator import Coordinator
from cluster.coordinator.duties import HISTORY_LOCKED, Duties
from cluster.coordinator.elector import Elector
from cluster.coordinator.feed import Feed
from cluster.coordinator.rescues import Rescues
from cluster.core.task import State
from cluster.store import leadership
from cluster.store.clock import DatabaseClock
from cluster.store.pool import connected
from cluster.store.sessions import Registration, open_session
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from tests.coordinator.conftest import add, look
from tests.coordinator.watching import watching
from tests.fixtures.eventually import eventually

ALL_DUTIES = {"promoter", "rescuer", "sweeper", "unparker", "folder", "pauser", "sampler", "historian"}


class Believer(Elector):
    """Believes that it leads, whatever PostgreSQL says."""

    def led_for(self) -> float:
        return inf


@pytest.fixture
def believer(pool) -> Believer:
    return Believer(pool, "believer", lambda: None)


@pytest.fixture
def duties(pool, believer) -> Duties:
    rescues = Rescues(Feed("c", DatabaseClock()))
    return Duties(pool, believer, rescues, lambda: None, lambda: None, patience=0, history_days=1)


async def something_for_every_duty(conn) -> dict[str, object]:
    """One thing for each duty to do."""
    promote, park = await add(conn, delay=3600), await add(conn, command="parked")
    await conn.execute("UPDATE tasks SET scheduled_at = now() - interval '1 s' WHERE id = %s", promote)
    await conn.execute("UPDATE tasks SET state = 4 WHERE id = %s", park)
    session = Registration("w-1", "w", "127.0.0.1:1", "c", 5, True, ("parked",))
    await open_session(conn, session, 3600)
    lost = replace(session, worker_id="w-2", handlers=("noop",))
    expired = await open_session(conn, lost, 3600)
    await conn.execute("UPDATE sessions SET expires_at = now() - interval '1 s' WHERE id = %s", [expired])
    cleared = await open_session(conn, replace(session, worker_id="w-3"), 3600)
    await conn.execute("UPDATE sessions SET ended_at = now(), cleared = true WHERE id = %s", [cleared])
    await conn.execute("UPDATE tasks SET session_id = %s WHERE id = %s", [cleared, (await add(conn, delay=3600))[0]])
    await conn.execute(
        "INSERT INTO counters (at, completed) SELECT now() - interval '1 hour', n FROM generate_series(1, 2) AS n"
    )
    await conn.execute(f"DROP TABLE {await _last_partition(conn)}")
    [aside] = await add(conn, command="resumed")
    await conn.execute("UPDATE tasks SET state = 6 WHERE id = %s", [aside])
    return await what_is_so(conn, promote[0], park[0])


async def _last_partition(conn) -> str:
    [name] = await (
        await conn.execute("SELECT max(relname) FROM pg_class WHERE relname ~ '^task_history_p[0-9]{8}$'")
    ).fetchone()
    return name


async def what_is_so(conn, promote, park) -> dict[str, object]:
    async def one(query: str) -> object:
        return (await (await conn.execute(query)).fetchone())[0]

    return {
        "promoter": (await look(conn, promote)).state,
        "unparker": (await look(conn, park)).state,
        "rescuer": await one("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL"),
        "sweeper": await one("SELECT cleared FROM sessions WHERE worker_id = 'w-3'"),
        "folder": await one("SELECT count(*) FROM counters WHERE completed > 0"),
        "historian": await _last_partition(conn),
        "pauser": await one("SELECT count(*) FROM tasks WHERE state = 6"),
        "sampler": await one("SELECT count(*) FROM samples"),
        "ids": (promote, park),
    }


async def do_all(duties: Duties) -> None:
    for ticker in duties._tickers:
        await ticker.step()


async def test_a_leader_whose_term_is_over_changes_nothing(conn, duties, believer):
    believer.leadership = await leadership.elect(conn, "believer", 0.0)
    assert believer.leadership.leading
    before = await something_for_every_duty(conn)
    await do_all(duties)
    assert await what_is_so(conn, *before["ids"]) == before
    after = await leadership.elect(conn, "another", 60)
    assert after.epoch > believer.leadership.epoch
    await do_all(duties)
    assert await what_is_so(conn, *before["ids"]) == before


async def test_a_leader_does_every_duty(conn, duties, believer):
    believer.leadership = await leadership.elect(conn, "believer", 60)
    before = await something_for_every_duty(conn)
    await do_all(duties)
    after = await what_is_so(conn, *before["ids"])
    assert {name for name in ALL_DUTIES if after[name] != before[name]} == ALL_DUTIES
    assert (after["promoter"], after["unparker"]) == (State.READY, State.READY)


async def test_a_database_clock_that_is_put_forward_begins_the_leaders_patience_anew(conn, pool):
    elector = Elector(pool, "c", lambda: None)
    await elector.step()
    elector._since = -inf
    await elector.step()
    assert elector.led_for() == inf
    await conn.execute("UPDATE leader SET expires_at = now()")
    await elector.step()
    assert elector.led_for() < inf


async def test_history_that_somebody_holds_is_kept_a_minute_later(conn, pool, duties, believer):
    believer.leadership = await leadership.elect(conn, "believer", 60)
    await conn.execute(f"DROP TABLE {(missing := await _last_partition(conn))}")
    [historian] = [ticker for ticker in duties._tickers if "historian" in repr(ticker)]
    async with connected(pool) as reader, reader.transaction():
        await reader.execute("SELECT count(*) FROM task_history")
        assert await historian.step() == HISTORY_LOCKED
    assert await historian.step() is None
    assert await _last_partition(conn) == missing


async def test_a_new_leader_says_so_and_does_at_once_even_what_is_done_once_an_hour(conn, settings):
    first, second = Coordinator(settings), Coordinator(settings)
    await first.start()
    await eventually(lambda: first._elector.leadership.leading)
    await second.start()
    try:
        await eventually(lambda: second._elector.leadership.epoch)
        missing = await _last_partition(conn)
        await conn.execute(f"DROP TABLE {missing}")
        async with (
            open_channel(f"127.0.0.1:{second.port}") as channel,
            watching(CoordinatorServiceStub(channel)) as heard,
        ):
            await first.stop()
            assert second.id in (await heard.event("leader_elected")).msg

        async def made_again() -> bool:
            return await _last_partition(conn) == missing

        await eventually(made_again)
    finally:
        await first.stop()
        await second.stop()
