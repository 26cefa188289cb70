"""Who listens to the event stream, and events to be told."""

import asyncio
import json
from contextlib import asynccontextmanager

from cluster.core.events import Event

PATH = "/api/logs/stream"


class Listener:
    """Reads a stream and keeps what it said: (id, event name, data)."""

    def __init__(self, response):
        self.response = response
        self.told = []
        self.comments = 0
        self.ended = False

    async def read(self):
        fields = {}
        async for text in self.response.aiter_lines():
            if text.startswith(":"):
                self.comments += 1
            elif text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif "data" in fields:
                self.told.append((fields.get("id"), fields.get("event"), json.loads(fields["data"])))
                fields = {}
        self.ended = True

    @property
    def messages(self):
        return [data["msg"] for _, name, data in self.told if name is None]

    @property
    def resets(self):
        return [data for _, name, data in self.told if name == "reset"]


@asynccontextmanager
async def listening(http, last_id=None, path=PATH):
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    async with http.stream("GET", path, headers=headers, timeout=30) as response:
        assert response.status_code == 200
        listener = Listener(response)
        task = asyncio.create_task(listener.read())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.wait({task})


def events(*numbers, name="task_started"):
    return [Event(name, f"event {number}", 1_700_000_000_000_000 + number, task_id=f"t{number}") for number in numbers]


def texts(*numbers):
    return [f"event {number}" for number in numbers]
