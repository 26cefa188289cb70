"""PgQueuer inside its environment."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import probe
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

BATCH = 500


@asynccontextmanager
async def driver() -> AsyncIterator[AsyncpgDriver]:
    connection = await asyncpg.connect(probe.STORE)
    try:
        yield AsyncpgDriver(connection)
    finally:
        await connection.close()


async def prepare() -> None:
    async with driver() as it:
        queries = Queries(it)
        await queries.install()
        await queries.optimize_autovacuum()


async def work(**options: Any) -> None:
    async with driver() as it:
        queue = PgQueuer(it)

        @queue.entrypoint("noop")
        async def noop(_: Job) -> None:
            probe.tally()

        @queue.entrypoint("stamp")
        async def stamp(job: Job) -> None:
            probe.arrived(int(job.payload or b"0"))

        @queue.entrypoint("slow")
        async def slow(job: Job) -> None:
            number, seconds = json.loads(job.payload or b"")
            probe.begun(number)
            await asyncio.sleep(seconds)
            probe.ended(number)

        await queue.run(**options)


async def enqueue(count: int, seconds: float) -> None:
    async with driver() as it:
        queries = Queries(it)
        await probe.fill(count, seconds, lambda size: queries.enqueue(["noop"] * size, [None] * size, [0] * size))


async def post(count: int, gap: float) -> None:
    async with driver() as it:
        queries = Queries(it)
        await probe.post(count, gap, lambda posted: queries.enqueue("stamp", str(posted).encode()))


async def enqueue_slow(count: int, seconds: float) -> None:
    async with driver() as it:
        payloads: list[bytes | None] = [json.dumps([number, seconds]).encode() for number in range(count)]
        await Queries(it).enqueue(["slow"] * count, payloads, [0] * count)


if __name__ == "__main__":
    probe.main(
        {
            "prepare": prepare,
            "work": lambda: work(batch_size=BATCH),
            "work-defaults": work,
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        },
        run=uvloop.run,
    )
