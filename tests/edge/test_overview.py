"""What the dashboard asks for about the cluster as a whole: this edge, the commands, PostgreSQL."""

import asyncio
from itertools import pairwise

import pytest

from cluster.core import limits
from cluster.core.version import __version__
from cluster.edge.edge import Edge
from cluster.edge.findings import findings
from cluster.edge.server import bound
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address
from cluster.store import commands, sessions
from cluster.store.commands import Told
from cluster.store.health import DatabaseHealth
from tests.store.made import registration

SCHEMA = """{"type":"object","required":["path"],"additionalProperties":false,
 "properties":{"path":{"type":"string"},"size":{"type":"integer","default":128},"box":{"$ref":"#/$defs/Box"}},
 "$defs":{"Box":{"type":"object","properties":{}}}}"""


def health(**facts) -> DatabaseHealth:
    well = {
        "version": 180001, "oldest_seconds": None, "oldest_pid": None, "oldest_application": None, "oldest_state": None,
        "live_tuples": 10, "dead_tuples": 0, "connections": 5, "connections_max": 97, "size_bytes": 1, "fsync": True,
        "autovacuum": True, "standby": False,
    }  # fmt: skip
    return DatabaseHealth(**{**well, **facts})


async def test_an_edge_tells_its_version_and_its_limits(http):
    told = (await http.get("/api/cluster")).json()
    assert (told["version"], told["read_only"], told["log_buffer"]) == (__version__, False, 250)
    assert told["limits"]["batch"] == limits.BATCH_TASKS
    assert told["limits"]["payload_bytes"] == limits.PAYLOAD_BYTES
    assert told["limits"]["workers_max"] == limits.WORKERS_MAX
    assert told["started_at"] <= told["now"]


async def test_a_read_only_edge_refuses_every_change_and_answers_every_question(settings, edge_pool, http_of):
    address = settings.coordinators[0]
    read_only = Settings.from_env({
        "DATABASE_URL": settings.database_url, "DASHBOARD": "read_only", "COORDINATOR_ADDRESS": address,
    })  # fmt: skip
    with bound(Address("127.0.0.1", 0)) as listener:
        edge = Edge(read_only, edge_pool, listener)
        await edge.start()
        try:
            async with http_of(edge) as http:
                assert (await http.get("/api/cluster")).json()["read_only"] is True
                document = (await http.get("/openapi.json")).json()
                for path, methods in document["paths"].items():
                    if "post" in methods and not path.endswith("/status/batch"):
                        answer = await http.post(path.replace("{", "").replace("}", ""), json={})
                        assert answer.status_code in {403, 422}, path
                for path, body in (
                    ("/api/schedule", {"command": "noop"}),
                    ("/api/workers/scale", {"count": 3}),
                    ("/api/tasks/cancel", {"queue": "default"}),
                ):
                    answer = await http.post(path, json=body)
                    assert (answer.status_code, "read-only" in answer.json()["detail"]) == (403, True), path
                looked_up = await http.post("/api/status/batch", json={"task_ids": [str(1).zfill(32)]})
                assert looked_up.status_code == 200
                assert (await http.post("/api/queues/default/pause")).status_code == 403
        finally:
            await edge.stop()


async def test_the_commands_are_those_of_live_workers_with_their_parameters(http, conn):
    await commands.tell(conn, [Told("thumbnail", "Makes one.", 1500, 5, SCHEMA), Told("gone", "", None, None, None)])
    await sessions.open_session(conn, registration(handlers=("thumbnail", "noop")), 60)
    await sessions.open_session(conn, registration("worker-2", handlers=("noop",)), 60)
    noop, thumbnail = (await http.get("/api/commands")).json()
    assert (noop["command"], noop["workers"], noop["parameters"], noop["open"]) == ("noop", 2, None, True)
    assert (thumbnail["description"], thumbnail["timeout_seconds"], thumbnail["max_attempts"]) == ("Makes one.", 1.5, 5)
    assert thumbnail["open"] is False
    path, size, box = thumbnail["parameters"]
    assert (path["name"], path["required"], path["type"], path["default"]) == ("path", True, "string", None)
    assert (size["name"], size["required"], size["type"], size["default"]) == ("size", False, "integer", 128)
    assert (box["type"], set(box["schema"]["$defs"])) == (None, {"Box"})


@pytest.mark.parametrize("told", ['"what?"', "[]", '{"properties": {"a": true}}', '{"required": "yes"}'])
async def test_a_worker_that_tells_no_schema_breaks_nothing(http, conn, told):
    await commands.tell(conn, [Told("odd", "", None, None, told)])
    await sessions.open_session(conn, registration(handlers=("odd",)), 60)
    answer = await http.get("/api/commands")
    assert answer.status_code == 200
    assert answer.json()[0]["command"] == "odd"


async def test_what_is_told_again_is_not_written_again(conn):
    told = [Told("a", "b", 1, 2, "{}")]
    await commands.tell(conn, told)
    first = await (await conn.execute("SELECT told_at, xmin FROM commands")).fetchall()
    await commands.tell(conn, told)
    assert await (await conn.execute("SELECT told_at, xmin FROM commands")).fetchall() == first


async def test_the_database_tells_its_oldest_transaction(http, conn, pool):
    async with pool.connection() as other, other.transaction():
        await other.execute("SELECT 1")
        told = (await http.get("/api/database")).json()
        assert told["oldest_transaction"]["pid"] == other.info.backend_pid
        assert told["oldest_transaction"]["state"] == "idle in transaction"
        assert told["oldest_transaction_seconds"] >= 0
    assert told["connections"] <= told["connections_max"]
    assert told["size_bytes"] > 0
    # The server of the tests runs without fsync.
    assert [finding["level"] for finding in told["findings"]] == ["bad"]


@pytest.mark.parametrize(
    ("facts", "levels", "words"),
    [
        ({}, [], ""),
        ({"oldest_seconds": 59.0}, [], ""),
        ({"oldest_seconds": 61.0, "oldest_pid": 7, "oldest_application": "psql"}, ["warn"], "pg_terminate_backend(7)"),
        ({"oldest_seconds": 3600.0, "oldest_application": "prepared transaction x"}, ["bad"], "60 min"),
        ({"connections": 80}, ["warn"], "80 of 97"),
        ({"connections": 96}, ["bad"], "max_connections"),
        ({"dead_tuples": 250_000}, ["warn"], "250,000 dead rows"),
        ({"dead_tuples": 250_000, "live_tuples": 100_000}, [], ""),
        ({"version": 140009}, ["warn"], "14.9 is older"),
        ({"autovacuum": False, "connections": 80}, ["bad", "warn"], "autovacuum"),
        ({"standby": True}, ["bad"], "standby"),
    ],
)
def test_what_is_wrong_is_said_worst_first_with_what_to_do(facts, levels, words):
    found = findings(health(**facts))
    assert [finding.level for finding in found] == levels
    assert words in " ".join(finding.text + finding.advice for finding in found)
    assert all(finding.advice for finding in found)


async def test_many_who_ask_at_one_moment_share_an_answer(http, conn):
    answers = await asyncio.gather(*(http.get("/api/history?window=60") for _ in range(5)))
    assert len({answer.content for answer in answers}) == 1


async def test_the_past_comes_in_columns_of_one_length(http, conn):
    await conn.execute(
        """INSERT INTO samples (at, pending, running, completed, failed, cancelled, wait_p50, wait_p95)
           SELECT to_timestamp(floor(extract(epoch FROM now()) / 2) * 2) - ago * interval '1 s',
                  10, 2, done, 0, 0, wait, wait * 2
           FROM unnest(ARRAY[100, 20, 12], ARRAY[100, 100, 140], ARRAY[NULL, NULL, 5.0]) AS x (ago, done, wait)"""
    )
    for window, points, step in ((60, 30, 2), (900, 150, 6), (86400, 144, 600)):
        told = (await http.get("/api/history", params={"window": window})).json()
        assert (told["window"], told["step"]) == (window, step)
        assert {len(column) for name, column in told.items() if name not in {"window", "step"}} == {points}
        assert all(after - before == step for before, after in pairwise(told["at"]))
    minute = (await http.get("/api/history?window=60")).json()
    assert (sum(minute["completed"]) * 2, sum(minute["enqueued"]) * 2) == (40, 40)
    assert set(minute["pending"]) == {10}
    assert [(a, b) for a, b in zip(minute["latency_p50"], minute["latency_p95"], strict=True) if a] == [(5.0, 10.0)]


async def test_without_samples_the_past_says_nothing(http):
    told = (await http.get("/api/history?window=60")).json()
    assert set(told["completed"]) == set(told["pending"]) == set(told["latency_p95"]) == {None}
