"""How many events of single tasks are told one by one when many clients follow: what is more is told as a sum.

Whoever makes events keeps them within a budget already. But each of them is written once for every client: four
thousand events a second are nothing to one dashboard, and a gigabyte a second to a thousand. So what all clients
together are written is bounded here, by frames a second.
"""

from collections.abc import Iterable, Iterator

from cluster.core.budget import BURST, Budget
from cluster.core.events import Event

FRAMES = 50_000.0
"""Written per second to all clients together, summaries and what is not about a task left out."""
LEAST = 20.0
"""Events per second that everybody is told, however many follow."""
SECONDS = 5.0
"""How long a burst may be."""


class Thinner:
    """State: the budget, the number of clients that it is for, and the time of the last event by the database clock."""

    def __init__(self) -> None:
        self._budget = Budget()
        self._clients = -1
        self._last_us = 0

    def __repr__(self) -> str:
        return f"<Thinner {self._budget!r}>"

    def admit(self, events: Iterable[Event], clients: int, now: float) -> Iterator[Event]:
        """Those that are told one by one, and a summary of others when it is time. `now`: monotonic seconds."""
        if clients != self._clients:
            rate = max(LEAST, FRAMES / max(1, clients))
            self._budget.become(burst=min(float(BURST), SECONDS * rate), rate=rate)
            self._clients = clients
        if (summary := self.summary(now)) is not None:
            yield summary
        for event in events:
            self._last_us = event.timestamp_us
            if not event.task_id or self._budget.take(event.event, 1, now):
                yield event

    def summary(self, now: float) -> Event | None:
        """What was held back, when it is time to tell."""
        return self._budget.summary(now, self._last_us)
