"""The coordinators, as the edge needs them: their events come in, hints go out, and nobody waits for either.

One link per address. Everything here may fail without anybody noticing more than a delay: a task is enqueued when
PostgreSQL says so, and a coordinator that missed a hint finds the task by looking.
"""

import asyncio
from collections.abc import Iterable, Sequence

from cluster.core.events import Event
from cluster.edge.link import EndedLease, Link, NowUs, OnEvents


class Coordinators:
    """All links. State: the links."""

    def __init__(self, addresses: Sequence[str], watcher_id: str, on_events: OnEvents, now_us: NowUs) -> None:
        """`watcher_id`: this life of the edge; coordinators leave out the events that it told them itself."""
        self.links = [Link(address, watcher_id, on_events, now_us) for address in addresses]

    def __repr__(self) -> str:
        return f"<Coordinators {self.links}>"

    async def start(self) -> None:
        for link in self.links:
            await link.start()

    async def stop(self) -> None:
        await asyncio.gather(*(link.stop() for link in self.links))

    def tasks_enqueued(self, events: Iterable[Event], *, ready: bool = True, later: bool = False) -> None:
        """Every coordinator shall look for tasks, if some are ready, and for when the next one is due, if some are due
        later; the other edges shall hear these events.
        """
        for link in self.links:
            link.hint(tasks=ready, later=later)
        self.pass_on(events)

    def leases_ended(self, leases: Sequence[EndedLease], events: Iterable[Event]) -> None:
        """The coordinator that knows the worker of a lease shall make it stop; the other edges shall hear these events.

        All are told: which one a session belongs to may change at any time.
        """
        for link in self.links:
            link.hint(ended=leases)
        self.pass_on(events)

    def pass_on(self, events: Iterable[Event]) -> None:
        """The other edges shall hear these events.

        One coordinator tells them, for every edge watches all of them and would hear twice what two told.
        """
        next((link for link in self.links if link.connected), self.links[0]).hint(events=events)

    def orders_written(self) -> None:
        for link in self.links:
            link.hint(orders=True)

    async def answering(self) -> bool:
        """Whether at least one coordinator says that it serves, within a second."""
        checks = [asyncio.create_task(link.serving()) for link in self.links]
        try:
            for check in asyncio.as_completed(checks):
                if await check:
                    return True
            return False
        finally:
            for check in checks:
                check.cancel()
            await asyncio.gather(*checks, return_exceptions=True)
