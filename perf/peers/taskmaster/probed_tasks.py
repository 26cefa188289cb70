"""The tasks of the comparison, as a task module of TaskMaster."""

import asyncio

import probe

from cluster import task


@task("probed-noop")
async def noop() -> None:
    probe.tally()


@task("probed-stamp")
async def stamp(posted: int) -> None:
    probe.arrived(posted)


@task("probed-slow")
async def slow(number: int, seconds: float) -> None:
    probe.begun(number)
    await asyncio.sleep(seconds)
    probe.ended(number)
