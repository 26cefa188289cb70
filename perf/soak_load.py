"""What people do to a cluster: enqueue, watch, look, cancel, run again, scale, and now and then kill a worker."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx

WATCHERS = 5
BACKLOG = 5_000
"""Tasks that may wait before no more are enqueued: the soak looks for leaks, not for the limit."""
CREATED = (200, 201)
REFUSED = (413, 422)


@dataclass(frozen=True, slots=True)
class Pace:
    """`noops`: tasks a second. `workers`: how many there are at least. `rough`: workers are killed, too."""

    noops: int
    workers: int
    rough: bool


class Load:
    """State: tasks acknowledged and tasks of unknown fate by command, answers by what they were, and the backlog."""

    def __init__(self, url: str, pace: Pace) -> None:
        self.acknowledged = Counter[str]()
        self.unknown = Counter[str]()
        self.answers = Counter[str]()
        self.killed = 0
        self._pace = pace
        self._backlog = 0
        self._recent: list[str] = []
        self._more = False
        self._http = httpx.AsyncClient(base_url=url, timeout=30)

    async def run(self, until: asyncio.Event) -> None:
        """Until the event is set."""
        try:
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(loop) for loop in self._loops()]
                await until.wait()
                for task in running:
                    task.cancel()
        finally:
            await self._http.aclose()

    async def stats(self) -> dict[str, Any]:
        return dict((await self._http.get("/api/stats")).json())

    def _loops(self) -> Iterable[Any]:
        tenth = max(1, self._pace.noops // 10)
        yield _every(0.1, lambda: self._enqueue("noop", tenth))
        yield _every(0.5, lambda: self._enqueue("demo-job", 2))
        yield _every(0.5, lambda: self._enqueue("soak-crunch", 3))
        yield _every(1.0, lambda: self._enqueue("soak-flaky", 3))
        yield _every(1.0, lambda: self._enqueue("soak-hopeless", 1))
        yield _every(2.0, lambda: self._enqueue("noop", 20, delay=5.0))
        yield _every(3.0, self._enqueue_and_cancel)
        yield _every(20.0, self._run_again)
        yield _every(2.0, self._look)
        yield _every(30.0, self._scale)
        for _ in range(WATCHERS):
            yield _every(0.5, self._watch)
        if self._pace.rough:
            yield _every(20.0, self._kill)

    # Enqueue.

    async def _enqueue(self, command: str, count: int, delay: float = 0.0) -> list[str]:
        if self._backlog > BACKLOG:
            return []
        # Unknown until there is an answer: the end of the soak may come in between, and 503 may mean either.
        self.unknown[command] += count
        answer = await self._post("/api/schedule/batch", {"command": command, "count": count, "delay_seconds": delay})
        if answer is None or answer.status_code not in (*CREATED, *REFUSED):
            return []
        self.unknown[command] -= count
        if answer.status_code in REFUSED:
            return []
        self.acknowledged[command] += count
        return [str(task_id) for task_id in answer.json()["task_ids"]]

    async def _enqueue_and_cancel(self) -> None:
        """Some that wait for their time, and some that run by then."""
        later = await self._enqueue("noop", 3, delay=3600.0)
        self._recent += await self._enqueue("soak-long", 2)
        due, self._recent = self._recent[:-2], self._recent[-2:]
        if later + due:
            await self._post("/api/tasks/cancel", {"task_ids": later + due})

    async def _run_again(self) -> None:
        await self._post("/api/tasks/retry", {"status": "FAILED", "command": "soak-hopeless", "limit": 5})

    # Look.

    async def _look(self) -> None:
        stats = await self.stats()
        self._backlog = stats["pending"]
        for path in ("/api/workers", "/api/tasks?limit=100", "/api/tasks?status=FAILED", "/api/logs", "/metrics"):
            self.answers[str((await self._http.get(path)).status_code)] += 1

    async def _watch(self) -> None:
        """One person who watches the events for a while; every other one is gone without a word."""
        stay = random.uniform(1, 20)  # noqa: S311 - it spreads people, it guards nothing
        seen = 0
        try:
            async with asyncio.timeout(stay), self._http.stream("GET", "/api/logs/stream") as stream:
                async for _ in stream.aiter_lines():
                    seen += 1
        except TimeoutError:
            self.answers["watched"] += 1

    # Workers.

    async def _scale(self) -> None:
        self._more = not self._more
        await self._post("/api/workers/scale", {"count": self._pace.workers + 2 * self._more})

    async def _kill(self) -> None:
        workers = (await self._http.get("/api/workers")).json()
        online = [worker["name"] for worker in workers if worker["status"] == "online"]
        # The first one is left alone, so that one life is as long as the soak.
        if len(online) > 1:
            await self._post("/api/workers/kill", {"name": random.choice(sorted(online)[1:])})  # noqa: S311
            self.killed += 1

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response | None:
        try:
            answer = await self._http.post(path, json=body)
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        return answer


async def _every(seconds: float, step: Callable[[], Awaitable[object]]) -> None:
    """A step that fails because the edge does not answer is left out: the accounts know what became of its tasks."""
    while True:
        try:
            await step()
        except (httpx.TransportError, httpx.StreamError):
            await asyncio.sleep(1.0)
        await asyncio.sleep(seconds)
