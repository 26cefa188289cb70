"""What clients ask for: which tasks, how many at once, when. Pure: a function of a random generator."""

import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cluster.runtime.ids import new_id

MOST_AT_ONCE = 100
ALWAYS = 99
"""Times that a task kills its worker which never comes to its end: that is for quarantine."""
KEYS = 20
"""Unique keys that the clients fight about."""


@dataclass(frozen=True)
class Wanted:
    """One command. `weight`: how often it is wanted, in 10,000."""

    command: str
    weight: int


COMMANDS = (
    Wanted("chaos-quick", 8_740),
    Wanted("chaos-nap", 800),
    Wanted("chaos-flaky", 180),
    Wanted("chaos-plain", 150),
    Wanted("chaos-again", 40),
    Wanted("chaos-cancel", 20),
    Wanted("chaos-leak", 30),
    Wanted("chaos-exit", 12),
    Wanted("chaos-stubborn", 12),
    Wanted("chaos-overdue", 8),
    Wanted("chaos-block", 4),
    Wanted("chaos-deadly", 4),
)

QUICK = {"chaos-quick", "chaos-leak"}


@dataclass(frozen=True)
class Request:
    """One enqueue. `task_ids`: those the client chose, or none; `delays`, `unique_keys`: one a task.

    `lasting`: which of its tasks are not over at once, so that somebody may still change their fate by hand.
    """

    path: str
    body: dict[str, Any]
    count: int
    task_ids: tuple[UUID, ...] = ()
    delays: tuple[float, ...] = ()
    unique_keys: tuple[str | None, ...] = ()
    lasting: tuple[int, ...] = ()


def request(call: str, dice: random.Random) -> Request:
    """The next enqueue of a client: mostly batches, with ids of its own or without, now and then a key or a delay."""
    count = 1 if dice.random() < 0.25 else dice.randint(2, MOST_AT_ONCE)
    own_ids = dice.random() < 0.6
    tasks = [_task(call, dice, own_ids) for _ in range(count)]
    return Request(
        path="/api/schedule" if count == 1 else "/api/schedule/batch",
        body=tasks[0] if count == 1 else {"tasks": tasks},
        count=count,
        task_ids=tuple(UUID(task["task_id"]) for task in tasks) if own_ids else (),
        delays=tuple(task.get("delay_seconds", 0.0) for task in tasks),
        unique_keys=tuple(task.get("unique_key") for task in tasks),
        lasting=tuple(
            index for index, task in enumerate(tasks) if task["command"] not in QUICK or task.get("delay_seconds")
        ),
    )


def _task(call: str, dice: random.Random, own_id: bool) -> dict[str, Any]:
    [wanted] = dice.choices(COMMANDS, [each.weight for each in COMMANDS])
    task: dict[str, Any] = {"command": wanted.command, "payload": {"call": call, **_payload(wanted.command, dice)}}
    if own_id:
        task["task_id"] = str(new_id())
    if dice.random() < 0.03:
        task["delay_seconds"] = round(dice.uniform(0.1, 10.0), 3)
    if dice.random() < 0.01:
        task["unique_key"] = f"key-{dice.randrange(KEYS)}"
    if dice.random() < 0.05:
        task["priority"] = dice.randint(-5, 5)
    if wanted.command == "chaos-block":
        # Sometimes it blocks beyond this, which ends its worker.
        task |= {"timeout_seconds": 2.0, "max_attempts": 1}
    return task


def _payload(command: str, dice: random.Random) -> dict[str, Any]:
    match command:
        case "chaos-nap":
            return {"seconds": round(dice.uniform(0.1, 3.0), 3)}
        case "chaos-plain":
            return {"seconds": round(dice.uniform(0.0, 0.3), 3)}
        case "chaos-flaky":
            return {"good": dice.randint(2, 5)}
        case "chaos-again":
            return {"good": dice.randint(2, 4)}
        case "chaos-block":
            return {"seconds": dice.choice([0.3, 0.6, 1.0, 6.0])}
        case "chaos-deadly":
            return {"lives": dice.choice([1, 1, 2, ALWAYS])}
    return {}
