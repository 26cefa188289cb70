"""Where the bench works: on the server that is configured, else on one that it starts; in databases of its own."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from cluster.cli.bench.program import ended, program
from cluster.core.errors import CannotStart, StoreUnavailable
from cluster.runtime.settings import Settings
from cluster.store.bench import scratch_database
from cluster.store.pool import Pool, create_pool
from cluster.store.server import ask_server

PATIENCE = 60.0
"""Seconds to wait for a server that is just being initialised."""


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database that nobody else knows, and connections to it whose statements may take any time."""

    url: str
    pool: Pool


@asynccontextmanager
async def scratch(server: str) -> AsyncIterator[Database]:
    """A database on the server of this URL, dropped with the block."""
    async with scratch_database(server) as url:
        pool = create_pool(url, role="bench", size=4, pinned=True, patience=None)
        await pool.open()
        try:
            yield Database(url, pool)
        finally:
            await pool.close()


@asynccontextmanager
async def bench_server(settings: Settings) -> AsyncIterator[str]:
    """The URL of a server to work on: the configured one, else an embedded one started for the run.

    Raises StoreUnavailable or CannotStart.
    """
    if not settings.embedded:
        yield settings.database_url
        return
    home = Path(tempfile.mkdtemp(prefix="taskmaster-bench-"))
    try:
        async with _embedded(home) as url:
            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def _embedded(home: Path) -> AsyncIterator[str]:
    environment = {**os.environ, "TASKMASTER_HOME": str(home), "TASKMASTER_PARENT": str(os.getpid())}
    url = Settings.from_env(environment).database_url
    with (
        tempfile.TemporaryFile() as log,
        program("cluster.supervisor.postgres", environment=environment, log=log) as server,
    ):
        await _answering(url.replace("/scheduler?", "/postgres?"), server, log)
        yield url


async def _answering(url: str, server: psutil.Popen, log: IO[bytes]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while server.poll() is None:
                try:
                    await ask_server(url, timeout=2)
                except StoreUnavailable:
                    await asyncio.sleep(0.1)
                else:
                    return
    except TimeoutError:
        raise CannotStart(f"the bench's PostgreSQL did not answer within {PATIENCE:g} s") from None
    raise ended("PostgreSQL", log)
