"""Where the bench works: on the server that is configured, else on one that it starts."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cluster.core.errors import CannotStart, StoreUnavailable
from cluster.runtime.settings import Settings
from cluster.store.server import ask_server

PATIENCE = 60.0
"""Seconds to wait for a server that is just being initialised."""


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
    with (home / "log").open("wb") as log:
        # start_new_session: Ctrl-C on the terminal is for the bench, which then stops its server itself.
        server = subprocess.Popen(
            [sys.executable, "-m", "cluster.supervisor.postgres"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        await _answering(url.replace("/scheduler?", "/postgres?"), server, home / "log")
        yield url
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait)


async def _answering(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                if server.poll() is not None:
                    raise CannotStart(
                        f"the bench's PostgreSQL did not start: {log.read_text(errors='replace').strip()}"
                    )
                try:
                    await ask_server(url, timeout=2)
                except StoreUnavailable:
                    await asyncio.sleep(0.1)
                else:
                    return
    except TimeoutError:
        raise CannotStart(f"the bench's PostgreSQL did not answer within {PATIENCE:g} s") from None
