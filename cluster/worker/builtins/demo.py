"""Commands to try a cluster with: one that does nothing, and one that takes its time."""

import asyncio

from cluster.worker.context import Context
from cluster.worker.registry import Handler


async def noop(**payload: object) -> None:
    """Nothing, as fast as it goes."""


def demo_handlers(seconds: float) -> list[Handler]:
    """`noop`, and `demo-job`, which sleeps `seconds` whatever its payload says."""

    async def demo_job(ctx: Context, **payload: object) -> dict[str, object]:
        """Sleeps for TASK_PROCESS_TIME seconds, whatever its payload says."""
        await asyncio.sleep(seconds)
        return {"slept_seconds": seconds, "attempt": ctx.attempt}

    return [Handler("noop", noop), Handler("demo-job", demo_job)]
