"""Samples: a day of figures in small rows, none while nothing happens."""

from itertools import pairwise

from cluster.core.task import State
from cluster.store import samples
from cluster.store.pool import Connection
from tests.store.made import add, claim, finish, lead, scalar, start


async def rows(conn: Connection) -> list[tuple[object, ...]]:
    query = "SELECT pending, running, completed, failed, cancelled FROM samples ORDER BY at"
    return await (await conn.execute(query)).fetchall()


async def later(conn: Connection) -> None:
    """Two seconds go by."""
    await conn.execute("UPDATE samples SET at = at - interval '2 s'")


async def test_a_sample_is_the_totals_and_the_next_is_due_within_its_period(conn: Connection) -> None:
    epoch = await lead(conn)
    await add(conn, 5)
    [first, *_] = await claim(conn, 2)
    await finish(conn, first)
    assert 0 < await samples.take(conn, epoch) <= samples.PERIOD
    assert await rows(conn) == [(4, 0, 1, 0, 0)]


async def test_while_nothing_happens_nothing_is_written(conn: Connection) -> None:
    epoch = await lead(conn)
    for _ in range(3):
        await samples.take(conn, epoch)
        await later(conn)
    assert await rows(conn) == [(0, 0, 0, 0, 0)]
    await add(conn, 1)
    for _ in range(3):
        await samples.take(conn, epoch)
        await later(conn)
    assert await rows(conn) == [(0, 0, 0, 0, 0), (1, 0, 0, 0, 0)]


async def test_a_period_that_has_a_sample_gets_no_other(conn: Connection) -> None:
    epoch = await lead(conn)
    # Those of this moment and of the next periods, in case the clock goes on.
    ahead = "to_timestamp(floor(extract(epoch FROM now()) / 2) * 2) + n * interval '2 s'"
    await conn.execute(f"INSERT INTO samples SELECT {ahead}, 9, 9, 9, 9, 9 FROM generate_series(0, 20) AS n".encode())
    await add(conn, 1)
    await samples.take(conn, epoch)
    assert set(await rows(conn)) == {(9, 9, 9, 9, 9)}


async def test_only_the_leader_takes_samples_and_forgets_them(conn: Connection) -> None:
    past = await lead(conn)
    epoch = await lead(conn, "c2")
    await samples.take(conn, past)
    assert await rows(conn) == []
    await conn.execute(
        """INSERT INTO samples
           SELECT now() - n * interval '1 hour', n, 0, 0, 0, 0 FROM unnest(ARRAY[1, 24, 26, 30, 60]) AS n"""
    )
    await samples.forget(conn, past)
    assert len(await rows(conn)) == 5
    await samples.forget(conn, epoch)
    # What was so a day ago is what the newest of the older ones says.
    assert [pending for pending, *_ in await rows(conn)] == [26, 24, 1]


async def test_waits_are_sampled_of_what_has_finished_and_of_what_runs(conn: Connection) -> None:
    epoch = await lead(conn)
    await add(conn, 40)
    await conn.execute("UPDATE tasks SET scheduled_at = now() - interval '3 s', created_at = now() - interval '3 s'")
    leased = await claim(conn, 40)
    await finish(conn, *leased[:20])
    await start(conn, *leased[20:])
    await samples.take(conn, epoch)
    p50, p95 = await (await conn.execute("SELECT wait_p50, wait_p95 FROM samples")).fetchone() or (0, 0)
    assert 2_900 < float(str(p50)) <= float(str(p95)) < 60_000


async def test_what_runs_need_not_be_asked(conn: Connection) -> None:
    epoch = await lead(conn)
    await add(conn, 4)
    await start(conn, *await claim(conn, 4))
    await samples.take(conn, epoch, running=False)
    assert await rows(conn) == [(0, 4, 0, 0, 0)]
    assert await scalar(conn, "SELECT count(wait_p50) FROM samples") == 0


async def test_a_task_that_was_due_before_it_was_enqueued_did_not_wait_for_that(conn: Connection) -> None:
    epoch = await lead(conn)
    await add(conn, 1)
    await conn.execute("UPDATE tasks SET scheduled_at = now() - interval '1 day'")
    await start(conn, *await claim(conn, 1))
    await samples.take(conn, epoch)
    assert float(str(await scalar(conn, "SELECT wait_p50 FROM samples"))) < 60_000


async def test_a_window_is_read_in_whole_steps_and_gaps_say_what_was_so_before(conn: Connection) -> None:
    await conn.execute(
        """INSERT INTO samples
           SELECT to_timestamp(floor(extract(epoch FROM now()) / 2) * 2) - ago * interval '1 s',
                  5, 1, done, 0, 0, wait, wait
           FROM unnest(ARRAY[20, 12, 10], ARRAY[100, 200, 300], ARRAY[NULL, 5.0, 7.0]) AS x (ago, done, wait)"""
    )
    read = await samples.read(conn, 2.0, 15)
    assert len(read) == 16
    assert [after.at - before.at for before, after in pairwise(read)] == [2.0] * 15
    # The clock may have gone on by a step or two since the rows were made.
    done = [row.completed for row in read]
    assert done[0] is None
    assert [n for n in done if n is not None][:1] == [100]
    assert done[-1] == 300
    waits = {row.completed: row.wait_p50 for row in read if row.wait_p50 is not None}
    assert waits == {200: 5.0, 300: 7.0}


async def test_the_states_that_wait_are_all_pending(conn: Connection) -> None:
    epoch = await lead(conn)
    await add(conn, 6)
    for state in (State.PARKED, State.ISOLATED, State.PAUSED):
        one = "(SELECT id FROM tasks WHERE state = 1 LIMIT 1)"
        await conn.execute(f"UPDATE tasks SET state = {state.value} WHERE id = {one}".encode())
    await samples.take(conn, epoch)
    assert await rows(conn) == [(6, 0, 0, 0, 0)]
