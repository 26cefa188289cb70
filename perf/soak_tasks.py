"""The tasks of the soak: work that succeeds, fails and comes again, in coroutines and in processes."""

import asyncio

from cluster import Context, task


@task("soak-crunch", timeout=60)
def crunch(ctx: Context, rounds: int = 20_000) -> dict[str, int]:
    """A plain function, which runs in a process of its own; says how far it is."""
    total = 0
    for number in range(rounds):
        total = (total * 31 + number) % 1_000_003
    ctx.progress(1.0, "crunched")
    return {"total": total}


@task("soak-flaky", max_attempts=5)
async def flaky(ctx: Context) -> dict[str, int]:
    """Fails once, then succeeds."""
    if ctx.attempt == 1:
        raise RuntimeError("the first attempt always fails")
    return {"attempt": ctx.attempt}


@task("soak-hopeless", max_attempts=2)
async def hopeless() -> None:
    raise RuntimeError("every attempt fails")


@task("soak-long", max_attempts=50)
async def long(ctx: Context, seconds: float = 20.0) -> None:
    """Long enough to be cancelled, or to lose its worker."""
    for part in range(10):
        ctx.progress(part / 10, "on its way")
        await asyncio.sleep(seconds / 10)
