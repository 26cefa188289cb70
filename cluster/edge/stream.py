"""Server-sent events: the feed as an ASGI endpoint of its own, one task per client and one that hears it hang up.

The backlog comes first, then what happens; every event has an id. A comment every COMMENT_INTERVAL seconds of silence
proves a stream alive, to the page, to proxies and to laptops.
A `gap` event says how many events were lost: the client was away for too long, or reads too slowly; it goes on with
the last ones. A `reset` event tells a page to forget what it shows, for its Last-Event-ID is unknown here: this is
another life of the edge.
"""

import asyncio
import contextlib
from http import HTTPStatus

from cluster.edge.answer import Receive, Scope, Send
from cluster.edge.body import header, parameters
from cluster.edge.feed import LAST_WRITE, Client, Feed
from cluster.edge.payloads import Following
from cluster.edge.problems import RETRY_AFTER, Refused

COMMENT_INTERVAL = 5.0
"""Seconds. The page gives a stream up after 12 silent ones (`live/follow.ts`), the Python client after 20: a server
that froze is noticed soon, and one comment may be missed. A thousand idle pages are 200 comments a second.
"""

FRAMES_PER_WRITE = 256
STALLED = 60.0
"""Seconds that one write may wait for a client that reads nothing."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    # A stream that ends has said its last: a dropped client shall see its connection go.
    (b"connection", b"close"),
]
_HELLO = b"retry: 1000\n\n"
_COMMENT = b": still here\n\n"
_UNKNOWN = b'event: reset\ndata: {"reason":"the last event id is of another life of the edge; the backlog follows"}\n\n'


class Stream:
    """GET /api/logs/stream."""

    def __init__(self, feed: Feed, *, comment_interval: float = COMMENT_INTERVAL, stalled: float = STALLED) -> None:
        self._feed = feed
        self._comment_interval = comment_interval
        self._stalled = stalled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = parameters(Following, scope["query_string"], {})
        client = self._feed.join(header(scope, b"last-event-id") or asked.last_event_id)
        if client is None:
            detail = "too many clients follow the events; read /api/logs, or try again later"
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, dict([RETRY_AFTER]))
        listener = asyncio.create_task(_hear_end(receive, client), name="stream-listener")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            if scope["method"] != "HEAD":
                await self._tell(client, send)
            await self._write(send, b"", client, more=False)
        except TimeoutError:
            # Its connection is stuck and there is no telling it so: the server closes what is left unfinished.
            return
        finally:
            self._feed.leave(client)
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener

    async def _tell(self, client: Client, send: Send) -> None:
        """Until the client is gone, or it has all that was told before the feed was closed."""
        await self._write(send, _HELLO + (_UNKNOWN if client.reset else b""), client)
        while not client.gone:
            last = client.closing
            client.news.clear()
            frames = self._feed.next_for(client, FRAMES_PER_WRITE)
            if frames:
                await self._write(send, frames, client)
                await asyncio.sleep(0 if last else self._feed.gather)
            elif last:
                return
            elif await self._news(client):
                await asyncio.sleep(0 if client.closing else self._feed.stagger())
            else:
                await self._write(send, _COMMENT, client)

    async def _news(self, client: Client) -> bool:
        """Whether something happened before a comment was due."""
        try:
            async with asyncio.timeout(self._comment_interval):
                return await client.news.wait()
        except TimeoutError:
            return False

    async def _write(self, send: Send, frames: bytes, client: Client, *, more: bool = True) -> None:
        """Raises TimeoutError when the client reads nothing for too long, and soon when the feed is closed."""
        try:
            async with asyncio.timeout(LAST_WRITE if client.closing else self._stalled) as client.patience:
                await send({"type": "http.response.body", "body": frames, "more_body": more})
        finally:
            client.patience = None


async def _hear_end(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.leave()
