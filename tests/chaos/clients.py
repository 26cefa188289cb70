"""Those who ask: clients that enqueue, cancel and retry by hand, and write down what they were told.

Only an answer counts. A connection that was refused carried nothing; whatever else goes wrong leaves it open whether
the request was carried out, and is written down so.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import httpx

from tests.chaos.history import Recorder
from tests.chaos.orders import Request, request

PATIENCE = 8.0
"""Seconds for one answer."""
AGAIN_AFTER = 0.5
"""Seconds until a call with ids of its own is repeated."""
STEERED = 0.3
"""Share of calls that cancel or retry something by hand."""
REFUSED = {400, 404, 409, 413, 422}
"""Statuses that say: nothing happened."""
REMEMBERED = 30
"""Tasks of late whose fate a client may still change; most of them go on for some seconds."""


class Throttle:
    """How fast all clients together may be. State: the tasks that may be enqueued now."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._credit = 0.0
        self._filled = asyncio.Condition()

    async def run(self) -> None:
        """Fill it, in steps, until cancelled."""
        while True:
            await asyncio.sleep(0.05)
            async with self._filled:
                self._credit = min(self.per_second * 2, self._credit + self.per_second * 0.05)
                self._filled.notify_all()

    async def take(self, tasks: int) -> None:
        async with self._filled:
            # Into debt, so that a large batch need not wait for more than can ever be saved up.
            await self._filled.wait_for(lambda: self._credit > 0)
            self._credit -= tasks


class Client:
    """One client. State: its dice, how many calls it has made, and the tasks it may cancel or retry."""

    def __init__(
        self, name: str, edges: Sequence[str], throttle: Throttle, recorder: Recorder, dice: random.Random
    ) -> None:
        self._name, self._edges, self._throttle, self._recorder, self._dice = name, edges, throttle, recorder, dice
        self._calls = 0
        self.acknowledged = 0
        self._known: deque[UUID] = deque(maxlen=REMEMBERED)

    def __repr__(self) -> str:
        return f"<Client {self._name} calls={self._calls} acknowledged={self.acknowledged}>"

    async def run(self, wanted: Callable[[], bool]) -> None:
        """Until `wanted` says no, and then to the end of the call that is under way."""
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            while wanted():
                if self._known and self._dice.random() < STEERED:
                    await self._steer(http)
                else:
                    await self._enqueue(http, wanted)

    async def _enqueue(self, http: httpx.AsyncClient, wanted: Callable[[], bool]) -> None:
        order = request(self._next_call(), self._dice)
        await self._throttle.take(order.count)
        while not await self._sent(http, order) and order.task_ids and wanted():
            # The ids are ours: saying it again cannot make a second task.
            await asyncio.sleep(AGAIN_AFTER)
            self._next_call()

    async def _sent(self, http: httpx.AsyncClient, order: Request) -> bool:
        """Whether there was an answer that settles it."""
        asked = {"op": "enqueue", "call": self._call}
        self._recorder.write(
            "invoke",
            **asked,
            task_ids=order.task_ids,
            count=0 if order.task_ids else order.count,
            delays=order.delays,
            unique_keys=order.unique_keys,
        )
        kind, facts, answer = await self._post(http, order.path, order.body)
        task_ids = _promised(answer) if kind == "ok" else []
        self._recorder.write(kind, **asked, **facts, task_ids=task_ids)
        self.acknowledged += len(task_ids)
        self._known.extend(task_ids[index] for index in order.lasting if index < len(task_ids))
        if kind != "ok":
            await asyncio.sleep(0.1)
        return kind == "ok"

    async def _steer(self, http: httpx.AsyncClient) -> None:
        operation = self._dice.choice(["cancel", "retry"])
        task_id = self._dice.choice(self._known)
        self._next_call()
        asked = {"op": operation, "call": self._call}
        self._recorder.write("invoke", **asked, task_ids=[task_id])
        kind, facts, answer = await self._post(http, f"/api/tasks/{task_id}/{operation}", None)
        changed = [task_id] if kind == "ok" and answer.get("changed") else []
        self._recorder.write(kind, **asked, **facts, task_ids=changed)

    async def _post(
        self, http: httpx.AsyncClient, path: str, body: dict[str, Any] | None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """What kind of answer it was, what to write down of it, and the answer."""
        edge = self._dice.choice(self._edges)
        try:
            answer = await http.post(edge + path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return "fail", {"detail": repr(error)}, {}
        except httpx.HTTPError as error:
            return "unknown", {"detail": repr(error)}, {}
        if answer.status_code in {200, 201}:
            return "ok", {"status": answer.status_code}, answer.json()
        kind = "fail" if answer.status_code in REFUSED else "unknown"
        return kind, {"status": answer.status_code, "detail": answer.text[:500]}, {}

    def _next_call(self) -> str:
        self._calls += 1
        return self._call

    @property
    def _call(self) -> str:
        return f"{self._name}/{self._calls}"


def _promised(answer: dict[str, Any]) -> list[UUID]:
    return [UUID(each) for each in answer.get("task_ids") or [answer["task_id"]]]
