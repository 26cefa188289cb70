"""The tasks of the bench, which its workers register: not for anybody's cluster.

When a task began is told by the monotonic clock, which all processes of one machine share.
"""

import time

from cluster import task

FUNCTION = "bench-function"
STAMP = "bench-stamp"


@task(FUNCTION)
def function() -> None:
    """Nothing, in a plain function: where it can be killed at its timeout."""


@task(STAMP)
async def stamp() -> dict[str, int]:
    """When it was entered, in nanoseconds."""
    return {"entered": time.monotonic_ns()}
