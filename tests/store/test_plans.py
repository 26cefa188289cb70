"""Plans: a batch touches a small multiple of itself, whatever the statistics say and however much lies about.

The statements are planned as the coordinator plans them (PINNED), and must not depend on when ANALYZE ran last.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql

from cluster.core.task import State
from cluster.store.pool import Connection
from cluster.store.statements import statement
from tests.store.made import TTL, add, claim, held, lead, session

ROWS = 20_000
BATCH = 200
MOST = 4 * BATCH
STATISTICS = ("never analysed", "analysed while empty", "analysed while all were parked", "analysed now")

FILL = """
    INSERT INTO tasks (id, scheduled_at, command, state, priority)
    SELECT gen_random_uuid(), now() + (n - {rows}) * interval '1 ms', 'noop', (n % 10 > 0)::int, n % 3
    FROM generate_series(1, {rows}) AS n
"""


@pytest.fixture(params=STATISTICS)
async def crowd(conn: Connection, request: pytest.FixtureRequest) -> Connection:
    """A table of many ready and scheduled tasks, about which PostgreSQL believes different things."""
    await conn.execute("ALTER TABLE tasks SET (autovacuum_enabled = false)")
    if request.param == "analysed while empty":
        await conn.execute("ANALYZE tasks")
    await conn.execute(FILL.format(rows=ROWS).encode())
    if request.param == "analysed while all were parked":
        await conn.execute("CREATE TEMP TABLE was AS SELECT id, state FROM tasks")
        await conn.execute("UPDATE tasks SET state = 4")
        await conn.execute("ANALYZE tasks")
        await conn.execute("UPDATE tasks SET state = was.state FROM was WHERE was.id = tasks.id")
    if request.param == "analysed now":
        await conn.execute("ANALYZE tasks")
    return conn


async def touched(conn: Connection, name: str, parameters: dict[str, object]) -> int:
    """How many rows the statement read, those it threw away included, when it ran with its generic plan."""
    order: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match[1] not in order:
            order.append(match[1])
        return f"${order.index(match[1]) + 1}"

    text = re.sub(r"%\((\w+)\)b", numbered, statement(name).decode()).replace("%%", "%")
    await conn.execute(f"PREPARE planned AS {text}".encode())
    values = sql.SQL(", ").join(sql.Literal(parameters[parameter]) for parameter in order)
    explain = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE planned ({})").format(values)
    found = await (await conn.execute(explain)).fetchone()
    assert found is not None
    await conn.execute("DEALLOCATE planned")
    return sum(rows(node) for node in nodes(found[0][0]["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def rows(node: dict[str, Any]) -> int:
    if node.get("Relation Name") != "tasks" or "Scan" not in node["Node Type"]:
        return 0
    per_loop = (
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    )
    return round(per_loop * node["Actual Loops"])


def slots(count: int) -> dict[str, object]:
    return {"slots": [1] * count, "sessions": [1], "workers": ["w"], "others": ["elsewhere"]}


async def leased(conn: Connection) -> dict[str, list[object]]:
    tasks = sorted(held(*await claim(conn, BATCH)))
    return {"ids": [lease.task_id for lease in tasks], "tokens": [lease.token for lease in tasks]}


async def test_a_claim_reads_what_it_takes(crowd: Connection) -> None:
    assert 0 < await touched(crowd, "claim", slots(BATCH)) <= MOST


async def test_a_claim_of_one_reads_a_few(crowd: Connection) -> None:
    assert 0 < await touched(crowd, "claim", slots(1)) <= 10


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        (
            "finish",
            {"states": [10] * BATCH, "started": [9] * BATCH, "finished": [8] * BATCH, "results": [], "errors": []},
        ),
        ("start", {"started": [9] * BATCH}),
        ("progress", {"fractions": [0.5] * BATCH, "messages": ["m"] * BATCH}),
        ("still_held", {}),
        ("retry", {"delays": [1.0] * BATCH, "errors": ["e"] * BATCH}),
        ("release", {}),
        ("park", {"reasons": ["r"] * BATCH}),
    ],
    ids=["finish", "start", "progress", "still_held", "retry", "release", "park"],
)
async def test_a_report_reads_the_tasks_it_speaks_of(crowd: Connection, name: str, arrays: dict[str, object]) -> None:
    assert 0 < await touched(crowd, name, {**await leased(crowd), **arrays}) <= MOST


async def test_a_rescue_reads_the_tasks_of_the_session(crowd: Connection) -> None:
    session_id = await session(crowd)
    await claim(crowd, BATCH, session_id)
    await crowd.execute("UPDATE sessions SET ended_at = now(), crashed = true WHERE id = %s", (session_id,))
    assert 0 < await touched(crowd, "rescue", {"ids": [session_id]}) <= 2 * MOST


async def test_a_cancellation_reads_the_tasks_it_speaks_of(crowd: Connection) -> None:
    ids = (await leased(crowd))["ids"]
    assert 0 < await touched(crowd, "task_cancel", {"ids": ids, "states": None, "reason": "r"}) <= MOST


async def test_noting_what_is_stale_reads_the_tasks_it_speaks_of(crowd: Connection) -> None:
    lease = await leased(crowd)
    arrays = {"workers": ["w"] * BATCH, "notes": ["n"] * BATCH}
    assert 0 < await touched(crowd, "note_stale", {**lease, **arrays}) <= MOST


async def test_a_claim_of_one_that_runs_alone_reads_a_few(crowd: Connection) -> None:
    some = [answer.id for answer in await add(crowd, BATCH)]
    await crowd.execute("UPDATE tasks SET state = 5, crash_count = 2 WHERE id = ANY (%s)", (some,))
    whom = {"session": 1, "worker": "w", "commands": ["noop"]}
    assert 0 < await touched(crowd, "claim_isolated", whom) <= 10


async def test_a_look_for_strays_reads_the_tasks_of_the_sessions(crowd: Connection) -> None:
    session_id = await session(crowd)
    await claim(crowd, BATCH, session_id)
    assert 0 < await touched(crowd, "session_old_leases", {"ids": [session_id], "seconds": 0.0}) <= MOST


async def test_a_look_for_expired_sessions_reads_no_tasks(crowd: Connection) -> None:
    await session(crowd, ttl=TTL)
    await claim(crowd, BATCH)
    assert await touched(crowd, "session_end_expired", {"epoch": await lead(crowd), "reason": "r"}) == 0


async def test_a_promotion_reads_what_is_due(crowd: Connection) -> None:
    await crowd.execute("UPDATE tasks SET scheduled_at = now() + interval '1 hour' WHERE state = 0")
    due = [answer.id for answer in await add(crowd, BATCH, delay=60)]
    await crowd.execute("UPDATE tasks SET scheduled_at = now() - interval '1 s' WHERE id = ANY (%s)", (due,))
    epoch = await lead(crowd)
    assert 0 < await touched(crowd, "due_promote", {"epoch": epoch, "most": BATCH}) <= MOST
    assert await touched(crowd, "due_promote", {"epoch": epoch, "most": BATCH}) <= 2


async def test_a_page_of_a_list_reads_little_more_than_it_shows(crowd: Connection) -> None:
    """The edge plans with its values and without PINNED."""
    await crowd.execute("SET enable_sort = on; SET enable_bitmapscan = on; SET enable_hashjoin = on")
    await crowd.execute("SET enable_mergejoin = on; SET plan_cache_mode = force_custom_plan")
    filters = {"queue": None, "command": None, "worker": None, "most": 50}
    begin = {"after_at": "-infinity", "after_id": "00000000-0000-0000-0000-000000000000"}
    # One page for each state and priority, the worst case.
    assert 0 < await touched(crowd, "task_list", {"states": None, **filters, **begin}) <= 50 * 6
    assert await touched(crowd, "task_list", {"states": [State.RUNNING.value], **filters, **begin}) == 0
