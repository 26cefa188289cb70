"""Where one measurement of one peer happens: an empty store, a folder for its notes, and its programs."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg

from peers.contract import FOLDER, Home, Peer
from peers.environments import PROBE, Environment, Unavailable
from peers.probes import Note, Tally, read_notes, read_tally
from peers.programs import Ended, Program
from peers.servers import Postgres, Redis, ask, free_ports, settle

VERB_SECONDS = 90.0
LAST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs for the whole bench; `redis` says why when there is none."""

    postgres: Postgres
    redis: Redis | Unavailable


@dataclass(slots=True)
class Stage:
    """State: the programs that were started and may still run."""

    peer: Peer
    environment: Environment
    store: str
    folder: Path
    log: IO[bytes]
    env: dict[str, str]
    programs: list[Program] = field(default_factory=list)

    async def ask(self, verb: str, *numbers: float, seconds: float = VERB_SECONDS) -> str:
        """Run a verb to its end; what it said."""
        program = self._program(verb, *numbers, piped=True)
        try:
            return await program.output(seconds)
        finally:
            program.kill()

    def start(self, verb: str) -> Program:
        program = self._program(verb, piped=False)
        self.programs.append(program)
        return program

    async def prepare(self) -> None:
        if self.peer.home is Home.POSTGRESQL:
            await self.ask("prepare")

    async def settle(self) -> None:
        if self.peer.home is Home.POSTGRESQL:
            await settle(self.store)

    async def unfinished(self) -> int:
        if self.peer.home is Home.REDIS:
            return sum([int(await ask(self.store, command)) for command in self.peer.unfinished.splitlines()])
        async with await psycopg.AsyncConnection.connect(self.store, autocommit=True) as it:
            row = await (await it.execute(self.peer.unfinished)).fetchone()
            return int(row[0]) if row else 0

    def tally(self) -> Tally:
        return read_tally(self.folder)

    def notes(self, what: str) -> list[Note]:
        return read_notes(self.folder, what)

    def check(self) -> None:
        """Raises Ended when a program that should run does not."""
        for program in self.programs:
            if not program.running:
                raise Ended(f"{program.name} ended by itself")

    def stop(self) -> None:
        for program in self.programs:
            program.kill()

    def last_words(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace").strip()[-LAST_WORDS:]

    def _program(self, verb: str, *numbers: float, piped: bool) -> Program:
        argv = [*self.environment.argv, verb, *map(str, numbers)]
        return Program(argv, self.env, self.environment.folder, self.log, piped=piped)


@asynccontextmanager
async def staged(peer: Peer, environment: Environment, servers: Servers) -> AsyncIterator[Stage]:
    """A prepared stage, of which nothing is left afterwards. Raises Unavailable where its server is missing."""
    server = servers.postgres if peer.home is Home.POSTGRESQL else servers.redis
    if isinstance(server, Unavailable):
        raise server
    folder = Path(tempfile.mkdtemp(prefix=f"peers-{peer.name}-"))
    try:
        with tempfile.TemporaryFile() as log:
            async with server.database() as store:
                stage = Stage(peer, environment, store, folder, log, _env(store, folder))
                try:
                    await stage.prepare()
                    yield stage
                except (Ended, TimeoutError) as error:
                    raise Ended(f"{error}: {stage.last_words()}") from error
                finally:
                    stage.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _env(store: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(PROBE), str(FOLDER.parent.parent)]),
        "PEERS_STORE": store,
        "PEERS_NOTES": str(folder),
        "PEERS_PORTS": ",".join(map(str, free_ports(2))),
    }


async def until(ready: Callable[[], object], stage: Stage, seconds: float, every: float = 0.02) -> None:
    """Returns when `ready()` does not say no. Raises TimeoutError after `seconds`, Ended when a program ended."""
    deadline = time.monotonic() + seconds
    while not ready():
        stage.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing for {seconds:g} s")
        await asyncio.sleep(every)
