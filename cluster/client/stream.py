"""Server-Sent Events: bytes become events, and a broken stream is taken up where it broke."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import msgspec

from cluster.client.answers import LogEvent, reader
from cluster.client.problems import unreachable
from cluster.core.errors import TaskMasterError

PATH = "/api/logs/stream"
SILENCE = 20.0
"""Seconds: the edge sends a comment every 5, so a stream that is silent for so long is dead."""

_GIVE_UP_AFTER = 12


class _Gap(msgspec.Struct):
    lost: int


_read_event, _read_gap = reader(LogEvent), reader(_Gap)


class Follower:
    """One reader of the event stream, whatever connections carry it.

    State: the id of the last event told, the bytes of the line that has not ended, the fields of the event that has not
    ended, and how many connections failed in a row.
    """

    def __init__(self, url: httpx.URL, after: str | None) -> None:
        self._url = url
        self._last_id = after
        self._rest = b""
        self._fields: dict[bytes, bytes] = {}
        self._connected = False
        self._failures = 0

    def __repr__(self) -> str:
        return f"<Follower {self._url} last_id={self._last_id} failures={self._failures}>"

    def headers(self) -> dict[str, str]:
        """What a new connection asks with."""
        self._rest, self._fields = b"", {}
        resume = {} if self._last_id is None else {"Last-Event-ID": self._last_id}
        return {"Accept": "text/event-stream", **resume}

    def lost(self, error: httpx.TransportError | TaskMasterError) -> float:
        """The connection failed or broke: seconds before the next one. Raises when it is no use: the very first
        connection failed, or a dozen in a row did.
        """
        self._failures += 1
        if not self._connected or self._failures > _GIVE_UP_AFTER:
            raise unreachable(self._url, error) if isinstance(error, httpx.TransportError) else error
        return min(5.0, 0.1 * 2.0**self._failures)

    def feed(self, chunk: bytes) -> Iterator[LogEvent]:
        """The events that these bytes complete. Lines end with \\n or \\r\\n, as the edge writes them."""
        self._connected, self._failures = True, 0
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if event := self._line(line.rstrip(b"\r")):
                yield event

    def _line(self, line: bytes) -> LogEvent | None:
        if line:
            name, _, value = line.partition(b":")
            self._fields[name] = value.removeprefix(b" ")
            return None
        fields, self._fields = self._fields, {}
        # `reset`: another life of the edge tells its own events from their beginning.
        if b"data" not in fields or fields.get(b"event") == b"reset":
            return None
        if fields.get(b"event") == b"gap":
            lost = _read_gap(fields[b"data"]).lost
            return LogEvent("events_missed", "warning", f"{lost} events were lost on the way", datetime.now(UTC))
        event = _read_event(fields[b"data"])
        if b"id" not in fields:
            return event
        self._last_id = fields[b"id"].decode()
        return msgspec.structs.replace(event, id=self._last_id)
