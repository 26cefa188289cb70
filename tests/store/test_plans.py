"""Plans: a batch touches a small multiple of itself, whatever the statistics say and however much lies about.

The statements are planned as the coordinator plans them (PINNED), and must not depend on when ANALYZE ran last.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from cluster.core.task import State
from cluster.store.pool import Connection, connected, create_pool
from cluster.store.statements import statement
from cluster.store.tasks import TaskFilter, list_parameters
from cluster.supervisor.postgres.server import PostgresServer
from tests.store.made import TTL, add, claim, held, lead, scalar, session

ROWS = 100_000
BATCH = 200
MOST = 4 * BATCH
STATISTICS = ("never analysed", "analysed while empty", "analysed while all were parked", "analysed now")

FILL = """
    INSERT INTO tasks (id, scheduled_at, command, state, priority)
    SELECT gen_random_uuid(), now() + (n - {rows}) * interval '1 ms',
           CASE n % 7 WHEN 0 THEN 'elsewhere' ELSE 'noop' END, (n % 10 > 0)::int, n % 3
    FROM generate_series(1, {rows}) AS n
"""
"""One in seven is for workers of another kind."""

FINISHED = """
    INSERT INTO task_history (id, scheduled_at, created_at, finished_at, state, priority, attempt, crash_count,
                              queue, command)
    SELECT gen_random_uuid(), now(), now(), now(), 10 + n % 2, 0, 1, 0, 'default', 'noop'
    FROM generate_series(1, 4000) AS n
"""


@pytest.fixture(scope="module", params=STATISTICS)
def crowded(request: pytest.FixtureRequest, postgres: PostgresServer, template: str) -> Iterator[str]:
    """The name of a database of many ready and scheduled tasks, about which PostgreSQL believes different things."""
    name = f"crowded_{uuid4().hex[:12]}"
    with cloned(postgres, template, name), psycopg.connect(postgres.url(name), autocommit=True) as filling:
        filling.execute("ALTER TABLE tasks SET (autovacuum_enabled = false)")
        if request.param == "analysed while empty":
            filling.execute("ANALYZE tasks")
        filling.execute(FILL.format(rows=ROWS).encode())
        if request.param == "analysed while all were parked":
            filling.execute("CREATE TEMP TABLE was AS SELECT id, state FROM tasks")
            filling.execute("UPDATE tasks SET state = 4")
            filling.execute("ANALYZE tasks")
            filling.execute("UPDATE tasks SET state = was.state FROM was WHERE was.id = tasks.id")
            filling.execute("DROP TABLE was")
        if request.param == "analysed now":
            filling.execute("ANALYZE tasks")
        filling.close()
        yield name


@pytest.fixture
async def crowd(postgres: PostgresServer, crowded: str) -> AsyncIterator[Connection]:
    """A connection to a copy of it."""
    name = f"crowd_{uuid4().hex[:12]}"
    with cloned(postgres, crowded, name):
        async with create_pool(postgres.url(name), role="test", size=1, pinned=True) as pool, connected(pool) as conn:
            yield conn


@contextmanager
def cloned(postgres: PostgresServer, original: str, name: str) -> Iterator[None]:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        # A copy of the files: through the WAL it takes several times as long.
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        admin.execute(create.format(sql.Identifier(name), sql.Identifier(original)))
        yield
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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
    given = sql.SQL("({})").format(values) if order else sql.SQL("")
    explain = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE planned {}").format(given)
    found = await (await conn.execute(explain)).fetchone()
    assert found is not None
    await conn.execute("DEALLOCATE planned")
    return sum(rows(node) for node in nodes(found[0][0]["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def rows(node: dict[str, Any]) -> int:
    if not node.get("Relation Name", "").startswith("task") or "Scan" not in node["Node Type"]:
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
    # Also what only other workers know, which lies between.
    assert 2 * BATCH < await touched(crowd, "claim", slots(BATCH)) <= MOST
    taken = "SELECT array_agg(DISTINCT command) FROM tasks WHERE state = 2"
    assert await scalar(crowd, taken) == ["noop"]


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
        ("locked", {}),
        ("retry", {"delays": [1.0] * BATCH, "errors": ["e"] * BATCH}),
        ("release", {}),
        ("park", {"reasons": ["r"] * BATCH}),
    ],
    ids=["finish", "start", "progress", "still_held", "locked", "retry", "release", "park"],
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


async def test_a_look_for_leases_of_cleared_sessions_reads_no_tasks(crowd: Connection) -> None:
    await session(crowd, ttl=TTL)
    await claim(crowd, BATCH)
    await crowd.execute(
        """INSERT INTO sessions (worker_id, name, address, coordinator, slots, streaming, handlers, expires_at,
                                 ended_at, cleared)
           SELECT 'w-' || n, 'w', 'a', 'c', 5, true, '{}', now(), now(), true FROM generate_series(1, 500) AS n"""
    )
    assert await touched(crowd, "session_sweep", {"epoch": await lead(crowd)}) == 0


async def test_a_promotion_reads_what_is_due(crowd: Connection) -> None:
    await crowd.execute("UPDATE tasks SET scheduled_at = now() + interval '1 hour' WHERE state = 0")
    due = [answer.id for answer in await add(crowd, BATCH, delay=60)]
    await crowd.execute("UPDATE tasks SET scheduled_at = now() - interval '1 s' WHERE id = ANY (%s)", (due,))
    epoch = await lead(crowd)
    assert 0 < await touched(crowd, "due_promote", {"epoch": epoch, "most": BATCH}) <= MOST
    assert await touched(crowd, "due_promote", {"epoch": epoch, "most": BATCH}) <= 2


FLOORS = {
    "priorities": [101, 2],
    "floors_at": ["9999-01-01", "-infinity"],
    "floors_id": [UUID(int=0)] * 2,
    "below": [2, -101],
}


async def test_a_claim_that_goes_on_reads_what_it_takes(crowd: Connection) -> None:
    assert 0 < await touched(crowd, "claim_onward", {**slots(BATCH), **FLOORS}) <= MOST


async def test_a_claim_that_goes_on_reads_nothing_below_the_floor(crowd: Connection) -> None:
    query = "SELECT scheduled_at, id FROM tasks WHERE state = 1 AND priority = 2 ORDER BY 1, 2 OFFSET 5000 LIMIT 1"
    [(scheduled_at, task_id)] = await (await crowd.execute(query)).fetchall()
    below = "UPDATE tasks SET command = 'elsewhere' WHERE state = 1 AND priority = 2 AND (scheduled_at, id) < (%s, %s)"
    await crowd.execute(below, (scheduled_at, task_id))
    high = {**FLOORS, "floors_at": ["9999-01-01", str(scheduled_at)], "floors_id": [UUID(int=0), task_id]}
    assert await touched(crowd, "claim", slots(1)) > 5_000
    assert 0 < await touched(crowd, "claim_onward", {**slots(BATCH), **high}) <= MOST


async def test_a_look_for_the_ends_of_what_is_ready_reads_a_few_for_each_priority(crowd: Connection) -> None:
    assert 0 < await touched(crowd, "ready_ends", {}) <= 8


async def test_a_claim_reads_what_it_takes_though_most_of_the_tasks_are_paused(crowd: Connection) -> None:
    await crowd.execute("UPDATE tasks SET queue = 'slow', state = 6 WHERE state = 1 AND priority > 0")
    await crowd.execute("INSERT INTO paused_queues VALUES ('slow')")
    assert 0 < await touched(crowd, "claim", slots(BATCH)) <= MOST
    assert 0 < await touched(crowd, "claim_onward", {**slots(BATCH), **FLOORS}) <= MOST


async def test_a_step_along_the_ready_tasks_reads_no_further_than_it_may_look(crowd: Connection) -> None:
    await crowd.execute("UPDATE tasks SET queue = 'slow' WHERE state = 1 AND priority > 0")
    place = {"priority": 101, "after_at": "-infinity", "after_id": UUID(int=0)}
    step = {"epoch": await lead(crowd), "looks": BATCH, **place}
    assert await touched(crowd, "queue_put_aside", step) == 0
    await crowd.execute("INSERT INTO paused_queues VALUES ('slow')")
    assert 0 < await touched(crowd, "queue_put_aside", step) <= MOST


async def test_a_look_for_what_was_resumed_reads_what_it_brings_back(crowd: Connection) -> None:
    back = {"epoch": await lead(crowd), "most": BATCH}
    assert await touched(crowd, "queue_bring_back", back) == 0
    await crowd.execute("UPDATE tasks SET queue = 'q' || priority, state = 6 WHERE state = 1")
    await crowd.execute("INSERT INTO paused_queues VALUES ('q0'), ('q1')")
    # And one task of each queue, to know the queues.
    assert 0 < await touched(crowd, "queue_bring_back", back) <= MOST + 10


async def test_an_enqueue_reads_nothing(crowd: Connection) -> None:
    empty = ("payloads", "queues", "priorities", "max_attempts", "timeouts", "unique_keys", "due", "delays")
    batch = {"ids": [uuid4() for _ in range(BATCH)], "commands": ["noop"], **{name: [] for name in empty}}
    assert await touched(crowd, "enqueue", batch) == 0


async def as_an_edge_plans(conn: Connection) -> None:
    """With its values, and without PINNED."""
    await conn.execute("SET enable_sort = on; SET enable_hashjoin = on")
    await conn.execute("SET enable_mergejoin = on; SET plan_cache_mode = force_custom_plan")


async def test_a_page_of_a_list_reads_little_more_than_it_shows(crowd: Connection) -> None:
    await as_an_edge_plans(crowd)
    # One page for each state and priority, the worst case.
    assert 0 < await touched(crowd, "task_list", list_parameters(TaskFilter(), 50, None, 50)) <= 51 * 6
    running = TaskFilter((State.RUNNING,))
    assert await touched(crowd, "task_list", list_parameters(running, 50, None, 50)) == 0
    newest = list_parameters(TaskFilter(), 50, None, 50, newest=True)
    assert 0 < await touched(crowd, "task_list_newest", newest) <= 51 * 6
    # The tasks of FILL are a millisecond apart.
    first = await scalar(crowd, "SELECT min(scheduled_at) + interval '1 s' FROM tasks WHERE state = 1")
    window = TaskFilter(since=first, before=first + timedelta(milliseconds=20))
    for name, order in (("task_list", False), ("task_list_newest", True)):
        assert 0 < await touched(crowd, name, list_parameters(window, 500, None, 500, newest=order)) <= 60


async def test_a_page_of_what_is_rare_reads_no_further_than_it_may_look(crowd: Connection) -> None:
    await crowd.execute(FINISHED.encode())
    await as_an_edge_plans(crowd)
    states = ((), (State.READY,), (State.COMPLETE,), (State.FAILED, State.DEAD))
    for asked, rare in product(states, ("queue", "command", "worker")):
        which = TaskFilter(asked, **{rare: "rare"})
        # 100 for each state and priority.
        assert await touched(crowd, "task_list", list_parameters(which, 50, None, 100)) <= 100 * 6
        backwards = list_parameters(which, 50, None, 100, newest=True)
        assert await touched(crowd, "task_list_newest", backwards) <= 100 * 6


async def test_a_look_at_queues_and_at_what_a_task_waits_for_reads_no_further_than_it_may(crowd: Connection) -> None:
    await crowd.execute(FINISHED.encode())
    await as_an_edge_plans(crowd)
    assert 0 < await touched(crowd, "queue_look", {"looks": BATCH}) <= MOST
    last = await (
        await crowd.execute("SELECT priority, scheduled_at, id FROM tasks WHERE state = 1 ORDER BY 1, 2 DESC LIMIT 1")
    ).fetchone()
    assert last is not None
    place = dict(zip(("priority", "scheduled_at", "id"), last, strict=True))
    waits = {"queue": "default", "command": "noop", "looks": BATCH, **place}
    assert 0 < await touched(crowd, "task_outlook", waits) <= MOST
