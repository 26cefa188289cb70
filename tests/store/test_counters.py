"""Counters: always what count(*) would say."""

import asyncio
import random
from uuid import UUID

import pytest
from msgspec.structs import replace

from cluster.core.task import State
from cluster.store import counters, leases, sessions, steering
from cluster.store.due import promote
from cluster.store.leases import Parked, Retried
from cluster.store.pool import Connection, Pool, connected
from tests.store.made import add, claim, finish, held, lead, scalar, session, start


async def truth(conn: Connection) -> tuple[object, ...]:
    query = """
        SELECT count(*) FILTER (WHERE state IN ('scheduled', 'ready', 'leased', 'parked', 'isolated')),
               count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'complete'),
               count(*) FILTER (WHERE state IN ('failed', 'dead', 'quarantined')),
               count(*) FILTER (WHERE state = 'cancelled')
        FROM all_tasks"""
    counted = await (await conn.execute(query)).fetchone()
    assert counted is not None
    return counted


async def told(conn: Connection) -> tuple[object, ...]:
    now = await counters.totals(conn)
    return now.pending, now.running, now.completed, now.failed, now.cancelled


class Life:
    """Random operations on one database. State: the live session, and the leases it holds as far as we know."""

    def __init__(self, conn: Connection, seed: int) -> None:
        self.conn = conn
        self.drawn = random.Random(seed)
        self.leased: list[leases.LeasedTask] = []
        self.lives = 0
        self.ended: list[UUID] = []

    async def begin(self) -> None:
        self.epoch = await lead(self.conn)
        self.session = await session(self.conn, handlers=("rare",))

    def some(self) -> list[leases.LeasedTask]:
        self.drawn.shuffle(self.leased)
        return [self.leased.pop() for _ in range(min(len(self.leased), self.drawn.randint(0, 4)))]

    async def add(self) -> None:
        await add(self.conn, self.drawn.randint(1, 6))

    async def add_later(self) -> None:
        await add(self.conn, 2, "rare", delay=self.drawn.choice([0.001, 3600]))

    async def claim(self) -> None:
        self.leased += await claim(self.conn, self.drawn.randint(1, 8), self.session)

    async def start(self) -> None:
        await start(self.conn, *self.leased[:3])

    async def finish(self) -> None:
        states = (State.COMPLETE, State.FAILED, State.CANCELLED, State.DEAD)
        await finish(self.conn, *self.some(), state=self.drawn.choice(states))

    async def finish_stale(self) -> None:
        await finish(self.conn, *[replace(task, lease_token=task.lease_token + 1) for task in self.leased])

    async def retry(self) -> None:
        delay = self.drawn.choice([0.0, 60.0])
        await leases.retry(self.conn, [Retried(lease, delay, "e") for lease in held(*self.some())])

    async def release(self) -> None:
        await leases.release(self.conn, held(*self.some()))

    async def park(self) -> None:
        await leases.park(self.conn, [Parked(lease, "r") for lease in held(*self.some())])

    async def unpark(self) -> None:
        await leases.unpark(self.conn, self.epoch, 10)

    async def claim_isolated(self) -> None:
        task = await leases.claim_isolated(self.conn, self.session, "w", ["noop", "rare", "c"], leases.LeasedTask)
        self.leased += [task] if task else []

    async def cancel(self) -> None:
        await steering.cancel(self.conn, [task.id for task in self.some()] + self.ended[-2:])

    async def run_again(self) -> None:
        self.ended = [row[0] for row in await (await self.conn.execute("SELECT id FROM task_history")).fetchall()]
        await steering.retry(self.conn, self.drawn.sample(self.ended, min(3, len(self.ended))))

    async def promote(self) -> None:
        await promote(self.conn, self.epoch, 10)

    async def end(self) -> None:
        await sessions.end_sessions(self.conn, "c1", [self.session], "test", crashed=True)
        self.lives += 1
        self.session = await session(self.conn, suffix=f"{self.lives:08x}", handlers=("rare",))
        self.leased = []

    async def fold(self) -> None:
        await counters.fold(self.conn, self.epoch)


@pytest.mark.parametrize("seed", range(5))
async def test_totals_equal_count_after_any_sequence_of_operations(conn: Connection, seed: int) -> None:
    life = Life(conn, seed)
    await life.begin()
    operations = (
        life.add, life.add, life.add_later, life.claim, life.claim, life.start, life.finish, life.finish_stale,
        life.retry, life.release, life.claim_isolated, life.cancel, life.run_again,
        life.park, life.unpark, life.promote, life.end, life.fold,
    )  # fmt: skip
    for _ in range(60):
        operation = life.drawn.choice(operations)
        await operation()
        assert await told(conn) == await truth(conn), operation.__name__


async def test_folding_changes_no_total(conn: Connection) -> None:
    for seconds in (0, 1, 30, 59, 61, 90, 3600):
        await conn.execute(
            "INSERT INTO counters (at, pending, completed) "
            "SELECT now() - %s * interval '1 second' - n * interval '7 ms', 1, 2 FROM generate_series(1, 5) AS n",
            (seconds,),
        )
    before, epoch = await told(conn), await lead(conn)
    for _ in range(3):
        await counters.fold(conn, epoch)
        assert await told(conn) == before
    assert await scalar(conn, "SELECT count(*) FROM counters WHERE at = '-infinity'") == 1
    assert await scalar(conn, "SELECT count(*) FROM counters") <= 10


async def test_folding_what_is_folded_writes_nothing(conn: Connection) -> None:
    await add(conn, 3)
    epoch = await lead(conn)
    await counters.fold(conn, epoch)
    query = "SELECT array_agg(ctid::text ORDER BY ctid) FROM counters"
    before = await scalar(conn, query)
    await counters.fold(conn, epoch)
    assert await scalar(conn, query) == before


async def test_two_who_fold_at_once_count_nothing_twice(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        for _ in range(30):
            await add(one, 1)
        before, epoch = await told(one), await lead(one)
        await asyncio.gather(counters.fold(one, epoch), counters.fold(two, epoch))
        assert await told(one) == before


async def test_throughput_counts_the_last_ten_whole_seconds(conn: Connection) -> None:
    await conn.execute(
        "INSERT INTO counters (at, completed, failed, cancelled) "
        "SELECT date_trunc('second', now()) - n * interval '1 second', 8, 1, 1 FROM generate_series(3, 40) AS n"
    )
    # Seconds 3 to 10 ago; one fewer if a second has passed since the INSERT.
    assert (await counters.totals(conn)).throughput in {8.0, 7.0}


async def test_tasks_that_are_run_again_by_hand_do_not_make_throughput_negative(conn: Connection) -> None:
    await conn.execute(
        "INSERT INTO counters (at, pending, failed, retried) "
        "SELECT date_trunc('second', now()) - interval '3 seconds', 100, -100, 100"
    )
    assert (await counters.totals(conn)).throughput == 0.0


async def test_an_empty_cluster_counts_zero(conn: Connection) -> None:
    assert await counters.totals(conn) == counters.Totals(0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0)
    await counters.fold(conn, await lead(conn))
    assert await scalar(conn, "SELECT count(*) FROM counters") == 0
