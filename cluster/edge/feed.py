"""The event feed: what the edge and the coordinators tell, in one order, for every client that watches.

An event is encoded once and its bytes are shared. A client is a number, the next event it has to be told: so a
thousand clients cost a thousand numbers, and one that reads too slowly costs nothing but its own place.
"""

import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from cluster.core.events import Event
from cluster.edge.ring import Ring
from cluster.edge.views import EventView
from cluster.runtime import telemetry

WINDOW = 16_384
"""Events a client may be behind before it is dropped; more than a whole burst of the event budget."""
CLIENTS_MAX = 1_000
LAST_WRITE = 0.2
"""Seconds a write may still take when the feed is closed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATA = b"\ndata: "
_ID = re.compile(r"([0-9a-f]{1,32})-([0-9]{1,15})")
_encode = msgspec.json.Encoder().encode


class Client:
    """One watcher. State: the number of the next event for it, whether its connection has ended, whether the feed has,
    what wakes it, and how long the write that is under way may take.
    """

    def __init__(self, position: int, *, reset: bool) -> None:
        self.position = position
        self.reset = reset
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
        self._clients: set[Client] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Feed {self._ring!r} clients={len(self._clients)}>"

    @property
    def clients(self) -> int:
        return len(self._clients)

    def publish(self, events: Iterable[Event]) -> None:
        """Tell these events, in this order."""
        before = self._ring.next
        for event in events:
            self._ring.append(
                b"id: %b-%d%b%b\n\n" % (self.boot.encode(), self._ring.next, _DATA, _encode(_view(event)))
            )
        if self._ring.next != before:
            self._wake()

    def recent(self) -> bytes:
        """The backlog as a JSON array of the objects that the stream carries."""
        frames = self._ring.since(self._backlog(), self._keep) or ()
        return b"[" + b",".join(frame[frame.index(_DATA) + len(_DATA) : -2] for frame in frames) + b"]"

    def join(self, last_id: str) -> Client | None:
        """A new client that goes on after `last_id` (empty: gets the backlog); None when there are too many.

        An id of another life or one that is gone: the client is told to `reset`, and gets the backlog.
        """
        if self._closed or len(self._clients) >= self._most_clients:
            return None
        position = self._after(last_id)
        client = Client(position or self._backlog(), reset=bool(last_id) and position is None)
        self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)

    def next_for(self, client: Client, most: int) -> bytes | None:
        """The next frames for this client, which count as told; None when it is too far behind."""
        frames = self._ring.since(client.position, most)
        if frames is None:
            telemetry.tally("stream_client_dropped")
            return None
        client.position += len(frames)
        return b"".join(frames)

    async def start(self) -> None:
        self._closed = False

    async def stop(self) -> None:
        self.close()

    def close(self) -> None:
        """End every stream after what was told so far; nobody may join any more."""
        self._closed = True
        for client in self._clients:
            client.close()

    def _wake(self) -> None:
        for client in self._clients:
            client.news.set()

    def _backlog(self) -> int:
        return max(self._ring.first, self._ring.next - self._keep)

    def _after(self, last_id: str) -> int | None:
        """The number that follows `last_id`, if we still have everything from there."""
        match = _ID.fullmatch(last_id)
        if match is None or match[1] != self.boot:
            return None
        following = int(match[2]) + 1
        return following if self._ring.first <= following <= self._ring.next else None


def _view(event: Event) -> EventView:
    return EventView(
        event=event.event,
        level=event.level,
        msg=event.msg,
        timestamp=_EPOCH + timedelta(microseconds=event.timestamp_us),
        task_id=event.task_id or None,
        worker_id=event.worker_id or None,
    )
