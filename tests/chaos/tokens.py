"""The token of the lease that a handler runs under, which the product rightly tells nobody.

`install()` is called by the launcher of a worker; then `current()` in an `async def` handler is its token. A plain
`def` runs in another process, where it is None.
"""

from contextvars import ContextVar
from typing import Any

from cluster.worker.invoke import Prepared
from cluster.worker.run import Run

_TOKEN: ContextVar[int | None] = ContextVar("token", default=None)


def current() -> int | None:
    return _TOKEN.get()


def install() -> None:
    """From now on every run of this process knows its token. Each has a context of its own."""
    run = Prepared.run

    async def telling(self: Prepared, given: Run, *told: Any) -> None:
        _TOKEN.set(given.token)
        await run(self, given, *told)

    Prepared.run = telling  # type: ignore[method-assign,assignment]
