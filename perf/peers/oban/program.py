"""Oban inside its environment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import probe
import uvloop
from oban import Oban, worker
from oban.schema import install

LIMIT = 200
SLOTS = 20


@worker()
class Noop:
    async def process(self, _: object) -> None:
        probe.tally()


@worker()
class Stamp:
    async def process(self, job) -> None:  # type: ignore[no-untyped-def]
        probe.arrived(job.args["posted"])


@worker()
class Slow:
    async def process(self, job) -> None:  # type: ignore[no-untyped-def]
        probe.begun(job.args["number"])
        await asyncio.sleep(job.args["seconds"])
        probe.ended(job.args["number"])


@asynccontextmanager
async def oban(**queues: int) -> AsyncIterator[Oban]:
    pool = await Oban.create_pool(probe.STORE)
    async with Oban(pool=pool, queues=queues) as it:
        yield it
    await pool.close()


async def prepare() -> None:
    pool = await Oban.create_pool(probe.STORE)
    await install(pool)
    await pool.close()


async def work(limit: int) -> None:
    async with oban(default=limit):
        await asyncio.Event().wait()


async def enqueue(count: int, seconds: float) -> None:
    async with oban() as it:
        await probe.fill(count, seconds, lambda size: it.enqueue_many(Noop.new() for _ in range(size)))


async def post(count: int, gap: float) -> None:
    async with oban() as it:
        await probe.post(count, gap, lambda posted: it.enqueue(Stamp.new({"posted": posted})))


async def enqueue_slow(count: int, seconds: float) -> None:
    async with oban() as it:
        await it.enqueue_many(Slow.new({"number": number, "seconds": seconds}) for number in range(count))


if __name__ == "__main__":
    probe.main(
        {
            "prepare": prepare,
            "work": lambda: work(LIMIT),
            "work-defaults": lambda: work(SLOTS),
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        },
        run=uvloop.run,
    )
