"""Procrastinate inside its environment."""

import asyncio

import probe
from procrastinate import App, PsycopgConnector

CONCURRENCY = 30
SLOTS = 20

app = App(connector=PsycopgConnector(conninfo=probe.STORE, min_size=1, max_size=10))


@app.task(name="noop")
async def noop() -> None:
    probe.tally()


@app.task(name="stamp")
async def stamp(posted: int) -> None:
    probe.arrived(posted)


@app.task(name="slow")
async def slow(number: int, seconds: float) -> None:
    probe.begun(number)
    await asyncio.sleep(seconds)
    probe.ended(number)


async def prepare() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def work(concurrency: int) -> None:
    async with app.open_async():
        await app.run_worker_async(concurrency=concurrency)


async def enqueue(count: int, seconds: float) -> None:
    async with app.open_async():
        await probe.fill(count, seconds, lambda size: noop.batch_defer_async(*({} for _ in range(size))))


async def post(count: int, gap: float) -> None:
    async with app.open_async():
        await probe.post(count, gap, lambda posted: stamp.defer_async(posted=posted))


async def enqueue_slow(count: int, seconds: float) -> None:
    async with app.open_async():
        await slow.batch_defer_async(*({"number": number, "seconds": seconds} for number in range(count)))


if __name__ == "__main__":
    probe.main(
        {
            "prepare": prepare,
            "work": lambda: work(CONCURRENCY),
            "work-defaults": lambda: work(SLOTS),
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        }
    )
