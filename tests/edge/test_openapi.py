"""The document says what the edge does: every route, every answer, seen by thousands of generated requests."""

import asyncio
import subprocess
import sys
from itertools import product

from cluster.edge.app import STREAM_PATH

CONTRACT = {
    "/api/schedule": {"post"}, "/schedule": {"post"}, "/api/schedule/batch": {"post"},
    "/api/status": {"get"}, "/status": {"get"}, "/api/tasks": {"get"}, "/api/tasks/{task_id}": {"get"},
    "/api/stats": {"get"}, "/api/workers": {"get"}, "/api/workers/scale": {"post"}, "/api/workers/kill": {"post"},
    "/api/tasks/{task_id}/cancel": {"post"}, "/api/tasks/{task_id}/retry": {"post"}, "/api/tasks/cancel": {"post"},
    "/api/tasks/retry": {"post"}, "/api/logs": {"get"}, "/api/status/batch": {"post"},
    "/api/cluster": {"get"}, "/api/commands": {"get"}, "/api/database": {"get"}, "/api/history": {"get"},
    "/api/queues": {"get"}, "/api/queues/{queue}/pause": {"post"}, "/api/queues/{queue}/resume": {"post"},
    "/api/tasks/{task_id}/why": {"get"}, "/api/workers/drain": {"post"},
    "/healthz": {"get"}, "/readyz": {"get"}, "/metrics": {"get"},
    "/openapi.json": {"get"},
}  # fmt: skip


async def test_every_route_of_the_contract_is_described(http):
    document = (await http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {path: document["paths"][path].keys() for path in CONTRACT} == CONTRACT
    assert document["paths"].keys() == CONTRACT.keys()
    assert STREAM_PATH in document["info"]["description"]


async def test_every_operation_describes_its_refusals_as_problems(http):
    document = (await http.get("/openapi.json")).json()
    for operations, status in product(document["paths"].values(), ("403", "405", "422", "500")):
        for operation in operations.values():
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


async def test_descriptions_read_the_same_whichever_python_told_them(http):
    """Before 3.13 a docstring keeps the indentation of its source."""
    schemas = (await http.get("/openapi.json")).json()["components"]["schemas"]
    lines = [line for schema in schemas.values() for line in schema.get("description", "").splitlines()]
    assert lines
    assert [line for line in lines if line.startswith(" ")] == []


async def test_generated_requests_find_no_server_error_and_no_undocumented_answer(http, edge, tmp_path):
    """Schemathesis: as many requests as go into about a minute."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{edge.server.port}/openapi.json",
        "--max-examples=60", "--seed=1", "--generation-database=none", "--no-color",
        # A cursor that nobody gave, a time in the year 5244, 22.0 for 22: refused, though a schema cannot say so.
        "--exclude-checks=positive_data_acceptance",
    ]  # fmt: skip
    done = await asyncio.to_thread(subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-20_000:]
