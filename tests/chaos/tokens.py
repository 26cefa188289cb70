"""The token of the lease that a handler runs under, which the product rightly tells nobody.

`install()` is called by the launcher of a worker; then `current()` in an `async def` handler is its token. A plain
`def` runs in another process, where it is None.
"""

from collections.abc import Awaitable
from contextvars import ContextVar

from cluster.core.outcome import Outcome
from cluster.worker.run import Run
from cluster.worker.slots import Slots

_TOKEN: ContextVar[int | None] = ContextVar("token", default=None)


def current() -> int | None:
    return _TOKEN.get()


def install() -> None:
    """From now on every run of this process knows its token."""
    drive = Slots._drive

    async def telling(self: Slots, run: Run, work: Awaitable[Outcome]) -> None:
        _TOKEN.set(run.token)
        await drive(self, run, work)

    Slots._drive = telling  # type: ignore[method-assign]
