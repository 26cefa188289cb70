"""The words that `taskmaster up` ends its start with: where the cluster is, how to try it, how to stop it."""

import shutil
import sys
import time
from pathlib import Path

import httpx

from cluster.runtime import telemetry
from cluster.runtime.settings import Settings
from cluster.runtime.ticker import Ticker

PATIENCE = 60.0
"""Seconds after which a cluster that is not ready is not waited for any longer; it may well come up later."""
POLL_INTERVAL = 0.1


class Welcome:
    """Waits until the edge is ready and the workers are online, then says so on stdout, once.

    State: the loop that looks, the HTTP client it looks with, and when it stops waiting.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ticker = Ticker("welcome", POLL_INTERVAL, self.step)
        # The cluster is on this machine: no proxy is between us and it.
        self._client = httpx.AsyncClient(base_url=settings.url, timeout=5.0, trust_env=False)
        self._deadline = time.monotonic() + PATIENCE

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()
        await self._client.aclose()

    async def step(self) -> None:
        settings = self._settings
        if await self._online() >= settings.workers:
            sys.stdout.write(text(settings, _program()))
            sys.stdout.flush()
            await self._ticker.stop()
        elif time.monotonic() > self._deadline:
            telemetry.emit("not_ready", level="warning", url=settings.url, seconds=PATIENCE)
            await self._ticker.stop()

    async def _online(self) -> int:
        """How many workers are online; -1 as long as the edge is not ready."""
        try:
            if (await self._client.get("/readyz")).status_code != httpx.codes.OK:
                return -1
            workers = (await self._client.get("/api/workers")).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return -1
        return sum(worker.get("status") == "online" for worker in workers)


def text(settings: Settings, program: str) -> str:
    """`program`: what to type for `taskmaster`."""
    workers = f"{settings.workers} worker{'s' * (settings.workers > 1)} of {settings.worker_pool_size} slots"
    # Never the URL of somebody's database: it may carry a password.
    data = f"in {settings.home}" if settings.embedded else "in your own PostgreSQL"
    return f"""
TaskMaster is up: {settings.url}   ({workers})

  a first task   {program} enqueue demo-job --wait
                 curl {settings.url}/api/schedule -H 'Content-Type: application/json' -d '{{"command": "demo-job"}}'
  the data       {data}
  to stop        Ctrl-C lets running tasks finish; twice stops at once

"""


def _program() -> str:
    """`taskmaster` where it is on PATH, else where it is, as short as possible."""
    beside = Path(sys.executable).with_name("taskmaster")
    if shutil.which("taskmaster") or not beside.exists():
        return "taskmaster"
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)
