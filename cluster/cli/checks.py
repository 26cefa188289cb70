"""The questions of `taskmaster doctor`, each on its own: what was found, and what to do about it."""

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cluster.client import Client, Worker, calls
from cluster.core.errors import CannotStart, NotServing, SchemaMismatch, TaskMasterError
from cluster.core.version import __version__
from cluster.runtime.settings import Settings
from cluster.store.migrations import shipped_migrations, wait_for_schema
from cluster.store.pool import create_pool
from cluster.store.server import ServerFacts, ask_server
from cluster.wire.health import check_health

OLDEST_PYTHON = (3, 11)
POSTGRES = range(15, 19)
CLOCK_TOLERANCE = timedelta(seconds=1)
"""PostgreSQL's clock decides when tasks are due; what people read on this machine should agree with it."""
PATIENCE = 3
"""Seconds that anybody may take to answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` is empty when it is ok."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def check_python() -> Finding:
    """The interpreter, and this package."""
    found = f"Python {platform.python_version()}, TaskMaster {__version__}"
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("python", ok, found, "" if ok else "install Python 3.11 or newer")


async def check_postgres(settings: Settings, now: Callable[[], datetime]) -> list[Finding]:
    """Whether it answers and is of a version we know; then whether its clock is `now` and its schema is ours."""
    try:
        facts = await ask_server(settings.database_url, PATIENCE)
    except TaskMasterError as error:
        start = "start it: `taskmaster up` or `taskmaster postgres`" if settings.embedded else "check DATABASE_URL"
        return [Finding("postgresql", False, error.detail, start)]
    return [_version(facts), _clock(facts.now - now()), await _schema(settings)]


async def check_coordinator(address: str) -> Finding:
    """Whether the coordinator at `host:port` says that it serves."""
    try:
        await check_health(address, PATIENCE)
    except NotServing as error:
        return Finding("coordinator", False, error.detail, "start it: `taskmaster up`, or set COORDINATOR_ADDRESS")
    return Finding("coordinator", True, f"serves at {address}")


def check_edge(cluster: Client, url: str) -> list[Finding]:
    """Whether the edge answers; then whether it is ready, and who works."""
    try:
        cluster.send(calls.alive())
    except TaskMasterError as error:
        return [Finding("edge", False, error.detail, "start it: `taskmaster up`, or set TASKMASTER_URL")]
    try:
        cluster.send(calls.ready())
        workers = cluster.workers()
    except TaskMasterError as error:
        return [Finding("edge", False, f"answers at {url}, but: {error.detail}", "see what is wrong below and above")]
    return [Finding("edge", True, f"ready at {url}"), _workers(workers)]


def _version(facts: ServerFacts) -> Finding:
    major = facts.version // 10_000
    found = f"PostgreSQL {major}.{facts.version % 10_000}"
    ok = major in POSTGRES
    return Finding("postgresql", ok, found, "" if ok else f"use PostgreSQL {POSTGRES[0]} to {POSTGRES[-1]}")


def _clock(ahead: timedelta) -> Finding:
    side = "ahead of" if ahead > timedelta() else "behind"
    found = f"PostgreSQL's is {abs(ahead.total_seconds()):.3f} s {side} this machine's"
    ok = abs(ahead) <= CLOCK_TOLERANCE
    return Finding("clock", ok, found, "" if ok else "synchronise the clocks: PostgreSQL's decides when tasks are due")


async def _schema(settings: Settings) -> Finding:
    latest = shipped_migrations()[-1].name
    try:
        await wait_for_schema(create_pool(settings.database_url, role="doctor", size=1), 0)
    except CannotStart as error:
        return Finding("schema", False, error.detail, "run `taskmaster migrate`")
    except SchemaMismatch as error:
        return Finding("schema", False, error.detail, "install the TaskMaster that this database belongs to")
    return Finding("schema", True, f"at {latest}")


def _workers(workers: list[Worker]) -> Finding:
    online = [worker for worker in workers if worker.status == "online"]
    slots = sum(worker.slots for worker in online)
    if online:
        return Finding("workers", True, f"{len(online)} online with {slots} slots")
    return Finding(
        "workers", False, "none is online, so tasks wait", "start some: `taskmaster up` or `taskmaster worker`"
    )
