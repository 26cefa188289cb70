"""One lifecycle contract for everything that starts and stops."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol


class Service(Protocol):
    """`start` returns when the service is ready; `stop` when nothing of it runs any more.

    `stop` may come before `start`, twice, or while `start` failed half-way, and never raises.
    """

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    """Start in order, stop in reverse; a start that fails stops what had started and what was starting.

    The stack calls every `stop`, also after one that was cancelled or broke its contract by raising.
    """
    async with AsyncExitStack() as stack:
        for service in services:
            stack.push_async_callback(service.stop)
            await service.start()
        yield
