"""The statements that perf/rows.py runs, and what EXPLAIN says that a run has cost."""

import itertools
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql

from cluster.core.new_task import NewTask
from cluster.core.task import Status, states_of
from cluster.runtime.ids import new_id
from cluster.store import leases
from cluster.store.enqueue import enqueue
from cluster.store.leases import LeasedTask, Slots
from cluster.store.pool import Connection
from cluster.store.statements import statement
from cluster.store.tasks import BYTES, LOOKS, TaskFilter, list_parameters

BATCH = 500
PAGE = 50

_AS_AN_EDGE = """
SET LOCAL enable_sort = on; SET LOCAL enable_hashjoin = on;
SET LOCAL enable_mergejoin = on; SET LOCAL enable_seqscan = on; SET LOCAL plan_cache_mode = force_custom_plan
"""
Parameters = dict[str, object]


@dataclass(frozen=True, slots=True)
class Cost:
    ms: float
    rows: float
    buffers: float


@dataclass(frozen=True, slots=True)
class Probe:
    """`prepare` gives the parameters of one run. `pinned`: planned as a coordinator plans it, else as an edge."""

    name: str
    statement: str
    prepare: Callable[[Connection], Awaitable[Parameters]]
    pinned: bool = True

    async def cost(self, connection: Connection) -> Cost:
        """Run it once; whatever it does is undone, so that the next run finds the same."""
        async with connection.transaction(force_rollback=True):
            parameters = await self.prepare(connection)
            if not self.pinned:
                await connection.execute(_AS_AN_EDGE)
            return _cost(await explained(connection, self.statement, parameters), planning=not self.pinned)


async def explained(connection: Connection, name: str, parameters: Parameters) -> Any:
    """What EXPLAIN ANALYZE says of a run, planned as the settings of the connection want it."""
    order: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"${order.setdefault(match[1], len(order) + 1)}"

    text = re.sub(r"%\((\w+)\)b", numbered, statement(name).decode()).replace("%%", "%")
    await connection.execute(f"PREPARE probe AS {text}".encode())
    values = sql.SQL(", ").join(sql.Literal(parameters[parameter]) for parameter in order)
    run = sql.SQL("EXECUTE probe ({})").format(values) if order else sql.SQL("EXECUTE probe")
    cursor = await connection.execute(sql.SQL("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ") + run)
    [[[plan]]] = await cursor.fetchall()
    await connection.execute("DEALLOCATE probe")
    return plan


def _cost(plan: Any, *, planning: bool) -> Cost:
    root = plan["Plan"]
    ms = plan["Execution Time"] + (plan["Planning Time"] if planning else 0.0)
    read = sum(_rows(node) for node in _nodes(root))
    return Cost(ms, read, root["Shared Hit Blocks"] + root["Shared Read Blocks"])


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _rows(node: dict[str, Any]) -> float:
    if "Relation Name" not in node or "Scan" not in node["Node Type"]:
        return 0.0
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(each * node["Actual Loops"])


def probes() -> list[Probe]:
    """What every task costs, and what everybody asks for."""
    hot = [
        Probe(f"{name} {count}", name, prepare(count))
        for name, prepare in (("enqueue", _enqueue), ("claim", _claim), ("finish", _finish))
        for count in (BATCH, 1)
    ]
    return [
        *hot,
        Probe("tasks_get", "tasks_get", _one_task, pinned=False),
        Probe("stats: counters_totals", "counters_totals", _nothing, pinned=False),
        Probe("stats: session_live", "session_live", _any_name, pinned=False),
    ]


def lists() -> list[Probe]:
    """A page for every combination of filters; what is rare, and what does not exist."""
    labels = (None, "q1", "rare", "none"), (None, "noop", "rare", "none"), (None, "w1", "rare", "none")
    return [
        Probe(_told(status, *values), "task_list", _page(status, *values), pinned=False)
        for status in (None, *Status)
        for values in itertools.product(*labels)
    ]


def _told(status: Status | None, *values: str | None) -> str:
    names = ("status", "queue", "command", "worker")
    given = [f"{name}={value}" for name, value in zip(names, (status, *values), strict=True) if value]
    return " ".join(given) or "no filter"


def _page(status: Status | None, *values: str | None) -> Callable[[Connection], Awaitable[Parameters]]:
    which = TaskFilter(states_of(status) if status else (), *values)

    async def prepare(_: Connection) -> Parameters:
        return list_parameters(which, PAGE, None, LOOKS)

    return prepare


def _enqueue(count: int) -> Callable[[Connection], Awaitable[Parameters]]:
    async def prepare(_: Connection) -> Parameters:
        empty: list[object] = []
        names = ("payloads", "queues", "priorities", "max_attempts", "timeouts", "unique_keys", "due", "delays")
        return {"ids": [new_id() for _ in range(count)], "commands": ["noop"], **dict.fromkeys(names, empty)}

    return prepare


def _claim(count: int) -> Callable[[Connection], Awaitable[Parameters]]:
    async def prepare(_: Connection) -> Parameters:
        return {"slots": [1] * count, "sessions": [1], "workers": ["w0-0000000b"], "others": []}

    return prepare


def _finish(count: int) -> Callable[[Connection], Awaitable[Parameters]]:
    async def prepare(connection: Connection) -> Parameters:
        await enqueue(connection, [NewTask(new_id(), "noop") for _ in range(count)])
        leased = await leases.claim(connection, Slots([0] * count, [1], ["w0-0000000b"]), LeasedTask)
        leased.sort(key=lambda lease: lease.key)
        return {
            "ids": [lease.id for lease in leased],
            "tokens": [lease.lease_token for lease in leased],
            "states": [10] * count,
            "started": [9] * count,
            "finished": [8] * count,
            "results": [],
            "errors": [],
        }

    return prepare


async def _one_task(_: Connection) -> Parameters:
    return {"ids": [UUID(int=1)], "bytes": BYTES}


async def _nothing(_: Connection) -> Parameters:
    return {}


async def _any_name(_: Connection) -> Parameters:
    return {"name": None}
