"""Server-sent events as a client reads them, on a thread of its own."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the stream: its `id:`, its `event:` (may be empty) and the JSON of its `data:`."""

    id: str
    kind: str
    data: dict[str, Any]

    @property
    def event(self) -> str:
        return str(self.data.get("event", ""))

    @property
    def task_id(self) -> str:
        return str(self.data.get("task_id") or "")


class EventStream:
    """Reads /api/logs/stream until closed. State: what was told so far, and how the reading ended."""

    def __init__(self, url: str, *, last_event_id: str | None = None) -> None:
        self._url = url
        self._headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        self._told: list[Told] = []
        self._connected = threading.Event()
        self._socket: socket.socket | None = None
        self._failure: Exception | None = None
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=60))
        self._thread = threading.Thread(target=self._read, name="event-stream", daemon=True)

    def __enter__(self) -> "EventStream":
        self._thread.start()
        assert self._connected.wait(10), f"no answer from {self._url}: {self._failure}"
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            # Unlike close, shutdown wakes the thread that reads.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._client.close()

    @property
    def told(self) -> list[Told]:
        """Everything so far, in the order it came."""
        return list(self._told)

    @property
    def ended(self) -> bool:
        """Whether the edge, or its end, has closed the stream and everything it told was read."""
        return not self._thread.is_alive()

    def about(self, task_id: str) -> list[str]:
        """Names of the events about one task, in the order they came."""
        return [each.event for each in self.told if each.task_id == task_id]

    def _read(self) -> None:
        try:
            with self._client.stream("GET", self._url, headers=self._headers) as response:
                response.raise_for_status()
                assert response.headers["content-type"].startswith("text/event-stream")
                self._socket = response.extensions["network_stream"].get_extra_info("socket")
                self._connected.set()
                self._collect(response.iter_lines())
        except (httpx.HTTPError, AssertionError) as error:
            self._failure = error

    def _collect(self, lines: Iterator[str]) -> None:
        fields: dict[str, str] = {}
        for line in lines:
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            if "data" in fields:
                self._told.append(Told(fields.get("id", ""), fields.get("event", ""), json.loads(fields["data"])))
            fields = {}
