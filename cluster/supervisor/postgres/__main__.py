"""`taskmaster postgres`: run the embedded PostgreSQL until told to stop."""

import asyncio
import os
import signal

from cluster.core.errors import CannotStart, TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.entry import program
from cluster.runtime.lifecycle import running
from cluster.runtime.paths import socket_folder
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown
from cluster.supervisor.postgres.binaries import Binaries
from cluster.supervisor.postgres.server import PostgresServer


async def main(settings: Settings) -> None:
    if not settings.embedded:
        raise CannotStart("DATABASE_URL or POSTGRES_HOST names a database already; there is nothing to run here")
    shutdown = Shutdown()
    shutdown.install()
    server = PostgresServer(Binaries.embedded(), settings.home, socket_folder(settings.home))
    async with running(server):
        telemetry.emit("postgres_ready", url=server.url("postgres"), log=str(server.log))
        ended = asyncio.create_task(server.wait())
        asked = asyncio.create_task(shutdown.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if ended.done():
            raise TaskMasterError(f"PostgreSQL ended by itself with code {ended.result()}; see {server.log}")
        _abort_on_second_signal(server)
        await server.stop()
        await ended


def _abort_on_second_signal(server: PostgresServer) -> None:
    def abort(number: int) -> None:
        server.abort()
        os._exit(128 + number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, abort, number)


def run() -> int:
    return program("postgres", main)


if __name__ == "__main__":
    raise SystemExit(run())
