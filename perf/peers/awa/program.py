"""awa inside its environment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import awa
import probe

WORKERS = 1024
SLOTS = 20
QUEUE = "default"
SHARDED = f"INSERT INTO awa.queue_meta (queue, enqueue_shards) VALUES ('{QUEUE}', 4)"  # noqa: S608 - all ours


@dataclass
class Noop:
    pass


@dataclass
class Stamp:
    posted: int


@dataclass
class Slow:
    number: int
    seconds: float


@asynccontextmanager
async def client() -> AsyncIterator[Any]:
    it = awa.AsyncClient(probe.STORE)
    try:
        yield it
    finally:
        await it.close()


async def prepare() -> None:
    async with client() as it:
        await it.migrate()
        async with await it.transaction() as transaction:
            await transaction.execute(SHARDED)
    # The storage of new installations is chosen when the first worker starts; COPY needs it before.
    async with started(1):
        pass


@asynccontextmanager
async def started(workers: int) -> AsyncIterator[None]:
    async with client() as it:

        @it.task(Noop, queue=QUEUE)
        async def noop(_: Any) -> None:
            probe.tally()

        @it.task(Stamp, queue=QUEUE)
        async def stamp(job: Any) -> None:
            probe.arrived(job.args.posted)

        @it.task(Slow, queue=QUEUE)
        async def slow(job: Any) -> None:
            probe.begun(job.args.number)
            await asyncio.sleep(job.args.seconds)
            probe.ended(job.args.number)

        await it.start([(QUEUE, workers)])
        try:
            yield
        finally:
            await it.shutdown()


async def work(workers: int) -> None:
    async with started(workers):
        await asyncio.Event().wait()


async def enqueue(count: int, seconds: float) -> None:
    async with client() as it:
        await probe.fill(count, seconds, lambda size: it.enqueue_many_copy([Noop() for _ in range(size)], queue=QUEUE))


async def post(count: int, gap: float) -> None:
    async with client() as it:
        await probe.post(count, gap, lambda posted: it.insert(Stamp(posted), queue=QUEUE))


async def enqueue_slow(count: int, seconds: float) -> None:
    async with client() as it:
        await it.enqueue_many_copy([Slow(number, seconds) for number in range(count)], queue=QUEUE)


if __name__ == "__main__":
    probe.main(
        {
            "prepare": prepare,
            "work": lambda: work(WORKERS),
            "work-defaults": lambda: work(SLOTS),
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        }
    )
