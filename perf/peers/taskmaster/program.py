"""TaskMaster itself, from the checkout around it: a coordinator, an edge, and workers that load `probed_tasks`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import probe
import psycopg

from cluster.client import AsyncClient, new_task
from cluster.client.transaction import enqueue_many
from cluster.core.errors import EdgeUnavailable, StoreUnavailable
from cluster.store.migrations import migrate

COORDINATOR, EDGE = (f"127.0.0.1:{port}" for port in probe.PORTS)


def become(module: str, **settings: str) -> None:
    """The role's own program, told by its environment where the others are."""
    told = {
        "DATABASE_URL": probe.STORE,
        "COORDINATOR_PORT": COORDINATOR,
        "COORDINATOR_ADDRESS": COORDINATOR,
        "SCHEDULER_PORT": EDGE,
        "WORKER_NAME": f"worker-{os.getpid()}",
        "TASKMASTER_TASKS": "probed_tasks",
    }
    os.execve(sys.executable, [sys.executable, "-m", module], {**os.environ, **told, **settings})  # noqa: S606


@asynccontextmanager
async def edge() -> AsyncIterator[AsyncClient]:
    """A client, once the edge that was started just now answers."""
    async with AsyncClient(f"http://{EDGE}") as client:
        while True:
            with suppress(EdgeUnavailable, StoreUnavailable):
                await client.stats()
                break
            await asyncio.sleep(0.1)
        yield client


async def prepare() -> None:
    await migrate(probe.STORE, create_database=False)


async def enqueue(count: int, seconds: float) -> None:
    async with await psycopg.AsyncConnection.connect(probe.STORE, autocommit=True) as connection:
        await probe.fill(
            count, seconds, lambda size: enqueue_many(connection, [new_task("probed-noop") for _ in range(size)])
        )


async def post(count: int, gap: float) -> None:
    async with edge() as client:
        await probe.post(count, gap, lambda posted: client.schedule("probed-stamp", {"posted": posted}))


async def enqueue_slow(count: int, seconds: float) -> None:
    async with edge() as client:
        await client.schedule_many(
            new_task("probed-slow", {"number": number, "seconds": seconds}) for number in range(count)
        )


if __name__ == "__main__":
    probe.main(
        {
            "prepare": prepare,
            "coordinator": lambda: become("cluster.coordinator"),
            "edge": lambda: become("cluster.edge"),
            "work": lambda: become("cluster.worker"),
            "work-defaults": lambda: become("cluster.worker", WORKER_POOL_SIZE="20"),
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        }
    )
