"""The load client and those who look on, as processes beside the cluster, so that their CPU is told apart."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

import msgspec

from cluster.cli.bench.launcher import Cluster
from cluster.cli.bench.load import Came, Requests
from cluster.cli.bench.program import ended, program
from cluster.cli.bench.scenario import Told
from cluster.cli.bench.watchers import READY, Seen, Watched

_LOOK = 0.1
_MOST = 65_536


async def posted(running: Cluster, requests: Requests, told: Told) -> Came:
    """Let the client send these; `told` is called with the seconds gone. Raises CannotStart with its reason."""
    environment = {**os.environ, "TASKMASTER_PARENT": str(os.getpid())}
    arguments = msgspec.json.encode(requests).decode()
    began = time.monotonic()
    with (
        tempfile.TemporaryFile() as said,
        program("cluster.cli.bench.load", arguments, environment=environment, log=said) as client,
    ):
        while client.poll() is None:
            running.check()
            told(min(requests.seconds, time.monotonic() - began))
            await asyncio.sleep(_LOOK)
        if client.returncode != 0:
            raise ended("the client", said)
        said.seek(0)
        return msgspec.json.decode(said.read(), type=Came)


@dataclass
class Followed:
    """Filled when those who looked on have ended."""

    seen: Seen | None = None


@asynccontextmanager
async def followed(running: Cluster, clients: int) -> AsyncIterator[Followed]:
    """So many dashboards follow the events while the block lasts. Raises CannotStart with their reason."""
    environment = {**os.environ, "TASKMASTER_PARENT": str(os.getpid())}
    arguments = msgspec.json.encode(Watched(running.edge_port, clients)).decode()
    found = Followed()
    with tempfile.TemporaryFile() as said:
        with program("cluster.cli.bench.watchers", arguments, environment=environment, log=said) as watchers:
            while not _said(said).startswith(READY):
                running.check()
                if watchers.poll() is not None:
                    raise ended("the dashboards", said)
                await asyncio.sleep(_LOOK)
            yield found
        # After whatever it had to tell of the signal.
        found.seen = msgspec.json.decode(_said(said).splitlines()[-1], type=Seen)


def _said(log: IO[bytes]) -> str:
    # Not by seeking: the place in the file is shared with the program that writes there.
    return os.pread(log.fileno(), _MOST, 0).decode(errors="replace")
