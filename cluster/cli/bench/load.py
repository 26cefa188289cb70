"""The load client, a program of its own: `python -m cluster.cli.bench.load REQUESTS`.

REQUESTS is a JSON object, see Requests; what came of them (see Came) is written to stdout as JSON. Connections are kept
and each has at most `pipeline` requests on the way. As fast as it goes, every answer is followed by the next request;
at a rate, a request is sent when it is due, or as soon as a connection is free for it. They take turns: an edge closes
those that nobody uses.
"""

import asyncio
import sys
import time
from collections import deque

import msgspec

from cluster.cli.bench.figures import percentile
from cluster.cli.bench.http import CREATED, Connection, post
from cluster.core.errors import EdgeUnavailable, TaskMasterError
from cluster.runtime.loop import run as run_loop
from cluster.runtime.signals import die_with_parent

TICK = 0.002
"""Seconds between two looks at what is due."""


class Requests(msgspec.Struct, frozen=True):
    """`tasks`: in each request, 1 = /api/schedule. `rate`: tasks a second, 0 = as fast as it goes."""

    port: int
    tasks: int
    seconds: float
    connections: int
    pipeline: int
    rate: int = 0


class Came(msgspec.Struct, frozen=True):
    """`tasks` acknowledged in `seconds`; CPU seconds of the client; milliseconds that a request took."""

    tasks: int
    seconds: float
    cpu_seconds: float
    p50_ms: float
    p99_ms: float


def request(tasks: int) -> bytes:
    """A request that schedules so many no-op tasks."""
    one = {"command": "noop"}
    if tasks == 1:
        return post("/api/schedule", msgspec.json.encode(one))
    return post("/api/schedule/batch", msgspec.json.encode({"tasks": [one] * tasks}))


class Load:
    """State: the connections, those that may send, longest unused first and as often as they may; when each request on
    the way was sent, how long each took, and how it ended."""

    def __init__(self, requests: Requests) -> None:
        self._asked = requests
        self._request = request(requests.tasks)
        self._sent: dict[Connection, deque[float]] = {}
        self._free: deque[Connection] = deque()
        self._times: list[float] = []
        self._began = 0.0
        self._count = 0
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __repr__(self) -> str:
        return f"<Load sent={self._count} answered={len(self._times)}>"

    async def run(self) -> Came:
        """Until the time is up and everything is answered. Raises EdgeUnavailable when something is refused."""
        for _ in range(self._asked.connections):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self._answered, self._fail), "127.0.0.1", self._asked.port
            )
            self._sent[connection] = deque()
        self._free.extend([*self._sent] * self._asked.pipeline)
        cpu, self._began = time.process_time(), time.monotonic()
        try:
            self._tick()
            await self._over
        finally:
            for connection in self._sent:
                connection.close()
        seconds = time.monotonic() - self._began
        tasks, times = len(self._times) * self._asked.tasks, self._times or [0.0]
        half, most = (percentile(times, share) * 1e3 for share in (0.5, 0.99))
        return Came(tasks, seconds, time.process_time() - cpu, half, most)

    @property
    def _ending(self) -> bool:
        """No more requests: the time is up, or one was refused."""
        return self._over.done() or time.monotonic() - self._began >= self._asked.seconds

    def _tick(self) -> None:
        self._send()
        if not self._ending:
            asyncio.get_running_loop().call_later(TICK, self._tick)
        self._look_whether_over()

    def _look_whether_over(self) -> None:
        if self._ending and not self._over.done() and not any(self._sent.values()):
            self._over.set_result(None)

    def _send(self) -> None:
        while self._free and not self._ending and self._due():
            connection = self._free.popleft()
            self._count += 1
            self._sent[connection].append(time.monotonic())
            connection.send(self._request)

    def _due(self) -> bool:
        if not self._asked.rate:
            return True
        return self._count * self._asked.tasks < (time.monotonic() - self._began) * self._asked.rate

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        self._times.append(time.monotonic() - self._sent[connection].popleft())
        if status != CREATED:
            self._fail(EdgeUnavailable(f"the edge answered {status}: {body.decode(errors='replace')[:500]}"))
        self._free.append(connection)
        self._send()
        self._look_whether_over()

    def _fail(self, error: EdgeUnavailable) -> None:
        if not self._over.done():
            self._over.set_exception(error)


async def _main(requests: Requests) -> Came:
    return await Load(requests).run()


def run() -> int:
    die_with_parent()
    requests = msgspec.json.decode(sys.argv[1], type=Requests)
    try:
        came = run_loop(_main(requests))
    except TaskMasterError as error:
        sys.stdout.write(error.detail)
        return 1
    sys.stdout.write(msgspec.json.encode(came).decode())
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
