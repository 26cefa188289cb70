"""What perf/worker.py has a worker run."""

import time

from cluster import task


@task("plain")
def plain() -> None:
    """Nothing, in a child process."""


@task("entered")
async def entered() -> int:
    """When it was entered: the monotonic clock, which all processes of one machine share."""
    return time.monotonic_ns()


@task("plain-entered")
def plain_entered() -> int:
    return time.monotonic_ns()
