"""Is every acknowledged task finished? Asked through the API, every single id.

Ids are asked for as soon as the load has ended: tasks finish about in the order they came, so waiting for the first
ones is waiting for the backlog. What is not finished when the patience ends is unfinished.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import msgspec

LOOKUP_TASKS = 500
"""Ids that POST /api/status/batch takes."""
EXAMPLES = 5
POLL_SECONDS = 0.5
COMPLETE, UNKNOWN = "COMPLETE", "UNKNOWN"
ENDS = frozenset({COMPLETE, "FAILED", "CANCELLED", UNKNOWN})

JSON = {"Content-Type": "application/json"}

Statuses = Mapping[UUID, str]


class _Task(msgspec.Struct):
    id: UUID
    status: str


class _Tasks(msgspec.Struct):
    tasks: list[_Task]


_read = msgspec.json.Decoder(_Tasks).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Accounts:
    """`ends`: different acknowledged tasks by status, UNKNOWN for those that the API does not know. `rise`: how many
    more tasks are completed than before the load, whoever enqueued them.
    """

    acknowledged: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    rise: int = 0
    seconds: float = 0.0

    @property
    def finished(self) -> int:
        return self.ends[COMPLETE]

    def enter(self, acknowledged: int, statuses: Statuses) -> None:
        self.acknowledged += acknowledged
        self.ends.update(statuses.values())
        bad = (f"{task_id} is {status}" for task_id, status in statuses.items() if status != COMPLETE)
        self.examples += list(bad)[: EXAMPLES - len(self.examples)]

    def problems(self) -> Iterator[str]:
        """In words; none when every acknowledged task is finished."""
        wrong = {status: count for status, count in sorted(self.ends.items()) if status != COMPLETE}
        if wrong:
            told = ", ".join(f"{count:,} {status}" for status, count in wrong.items())
            yield f"not every acknowledged task is complete: {told}; for example {'; '.join(self.examples)}"
        elif self.rise < self.acknowledged:
            # Two were acknowledged with the same id.
            yield f"{self.acknowledged:,} tasks were acknowledged, but {self.rise:,} more are completed than before"


class Lookup:
    """The API as the check needs it. Raises httpx.HTTPError when it does not answer as it should."""

    def __init__(self, host: str) -> None:
        self._http = httpx.Client(base_url=host, timeout=30)

    def close(self) -> None:
        self._http.close()

    def completed(self) -> int:
        """Tasks that were ever completed."""
        return int(self._http.get("/api/stats").raise_for_status().json()["completed"])

    def statuses(self, task_ids: Sequence[UUID]) -> Statuses:
        """At most LOOKUP_TASKS; UNKNOWN for those that the API leaves out."""
        answer = self._http.post("/api/status/batch", content=_encode({"task_ids": task_ids}), headers=JSON)
        known = {task.id: task.status for task in _read(answer.raise_for_status().content).tasks}
        return {task_id: known.get(task_id, UNKNOWN) for task_id in task_ids}


def settled(blocks: Iterable[list[UUID]], ask: Callable[[Sequence[UUID]], Statuses], patience: float) -> Accounts:
    """What became of these tasks. `patience`: seconds from now to wait for those that are not finished."""
    begin, accounts = time.monotonic(), Accounts()
    for block in blocks:
        found = dict(ask(block))
        while (late := _late(found)) and time.monotonic() - begin < patience:
            time.sleep(POLL_SECONDS)
            found.update(ask(late))
        accounts.enter(len(block), found)
    accounts.seconds = time.monotonic() - begin
    return accounts


def _late(found: Statuses) -> list[UUID]:
    return [task_id for task_id, status in found.items() if status not in ENDS]
