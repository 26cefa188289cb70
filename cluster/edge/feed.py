"""The event feed: what the edge and the coordinators tell, in one order, for every client that watches.

An event is encoded once and its bytes are shared. A client is a number, the next event it has to be told: so a
thousand clients cost a thousand numbers, and one that reads too slowly costs nothing but what it has missed.

What many clients cost is their writes: so the more there are, the longer is the moment that shares one write, and the
fewer events of single tasks are told (`thinning`).
"""

import asyncio
import random
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from cluster.core.events import Event
from cluster.edge.ring import Ring
from cluster.edge.thinning import Thinner
from cluster.edge.views import EventView
from cluster.runtime import telemetry

WINDOW = 16_384
"""Events a client may be behind before some are lost to it; more than a whole burst of the event budget."""
CLIENTS_MAX = 2_000
GATHER, GATHER_EACH = 0.02, 0.0005
"""Seconds between two writes to one client, at least, and for each client that there is: what happens meanwhile shares
the next one. So a thousand clients take 2,000 writes a second, whatever happens."""
LAST_WRITE = 0.2
"""Seconds a write may still take when the feed is closed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATA = b"\ndata: "
_GAP = b'event: gap\ndata: {"lost":%d}\n\n'
_ID = re.compile(r"([0-9a-f]{1,32})-([0-9]{1,15})")
_encode = msgspec.json.Encoder().encode


class Client:
    """One watcher. State: the number of the next event for it, how many it has lost since it was last told, whether its
    connection has ended, whether the feed has, what wakes it, and how long the write that is under way may take.
    """

    def __init__(self, position: int, *, reset: bool = False, lost: int = 0) -> None:
        self.position = position
        self.reset = reset
        self.lost = lost
        self.gone = self.closing = False
        self.news = asyncio.Event()
        self.patience: asyncio.Timeout | None = None

    def __repr__(self) -> str:
        return f"<Client position={self.position} gone={self.gone}>"

    def leave(self) -> None:
        self.gone = True
        self.news.set()

    def close(self) -> None:
        """Nothing more will be told; a write that waits for a client that reads nothing ends soon."""
        self.closing = True
        self.news.set()
        if self.patience is not None:
            self.patience.reschedule(asyncio.get_running_loop().time() + LAST_WRITE)


class Feed:
    """State: the ring of encoded events, and who watches it."""

    def __init__(self, boot: str, keep: int, *, window: int = WINDOW, most_clients: int = CLIENTS_MAX) -> None:
        """`boot`: this life of the edge in hexadecimal, the first part of every event id. `keep`: the backlog."""
        self.boot = boot
        self._keep = keep
        self._most_clients = most_clients
        self._ring = Ring(max(keep, window))
        self._thinner = Thinner()
        self._clients: set[Client] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Feed {self._ring!r} clients={len(self._clients)}>"

    @property
    def clients(self) -> int:
        return len(self._clients)

    @property
    def gather(self) -> float:
        """Seconds between two writes to one client."""
        return max(GATHER, GATHER_EACH * len(self._clients))

    def stagger(self) -> float:
        """Seconds that a client waits which had nothing to be told: news come to all at once, and a thousand writes in
        one turn of the loop would hold up every request by 60 ms. Nothing while there are few.
        """
        return random.random() * self.gather if self.gather > GATHER else 0.0  # noqa: S311 - it spreads, it hides nothing

    def publish(self, events: Iterable[Event]) -> None:
        """Tell these events, in this order; when there are too many for so many clients, some of them as a sum."""
        self._tell(self._thinner.admit(events, len(self._clients), time.monotonic()))

    async def tell_summary(self) -> None:
        """One turn of the loop that tells what was too much to tell one by one."""
        summary = self._thinner.summary(time.monotonic())
        if summary is not None:
            self._tell([summary])

    def recent(self) -> bytes:
        """The backlog as a JSON array of the objects that the stream carries."""
        frames = self._ring.since(self._backlog(), self._keep) or ()
        return b"[" + b",".join(frame[frame.index(_DATA) + len(_DATA) : -2] for frame in frames) + b"]"

    def join(self, last_id: str) -> Client | None:
        """A new client that goes on after `last_id` (empty: gets the backlog); None when there are too many.

        An id of another life: the client is told to `reset`, and gets the backlog. One that is gone: it gets the
        backlog, and is told how many events it has lost.
        """
        if self._closed or len(self._clients) >= self._most_clients:
            return None
        following = self._after(last_id)
        if following is None:
            client = Client(self._backlog(), reset=bool(last_id))
        else:
            client = Client(following)
            self._catch_up(client)
        self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)

    def next_for(self, client: Client, most: int) -> bytes:
        """The next frames for this client, which count as told. One that was too far behind goes on at the backlog,
        and is told how many events it has lost.
        """
        if self._catch_up(client):
            telemetry.tally("stream_client_lagged")
        frames = self._ring.since(client.position, most) or ()
        gap = _GAP % client.lost if client.lost else b""
        client.position += len(frames)
        client.lost = 0
        return gap + b"".join(frames)

    async def start(self) -> None:
        self._closed = False

    async def stop(self) -> None:
        self.close()

    def close(self) -> None:
        """End every stream after what was told so far; nobody may join any more."""
        self._closed = True
        for client in self._clients:
            client.close()

    def _tell(self, events: Iterable[Event]) -> None:
        before = self._ring.next
        for event in events:
            self._ring.append(
                b"id: %b-%d%b%b\n\n" % (self.boot.encode(), self._ring.next, _DATA, _encode(_view(event)))
            )
        if self._ring.next != before:
            self._wake()

    def _catch_up(self, client: Client) -> bool:
        """Whether it was so far behind that events are gone."""
        if client.position >= self._ring.first:
            return False
        backlog = self._backlog()
        client.lost += backlog - client.position
        client.position = backlog
        return True

    def _wake(self) -> None:
        for client in self._clients:
            client.news.set()

    def _backlog(self) -> int:
        return max(self._ring.first, self._ring.next - self._keep)

    def _after(self, last_id: str) -> int | None:
        """The number that follows `last_id`, if we ever told that one."""
        match = _ID.fullmatch(last_id)
        if match is None or match[1] != self.boot:
            return None
        following = int(match[2]) + 1
        return following if 2 <= following <= self._ring.next else None


def _view(event: Event) -> EventView:
    return EventView(
        event=event.event,
        level=event.level,
        msg=event.msg,
        timestamp=_EPOCH + timedelta(microseconds=event.timestamp_us),
        task_id=event.task_id or None,
        worker_id=event.worker_id or None,
        counts=event.counts or None,
    )
