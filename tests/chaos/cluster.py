"""A cluster to be ill-treated: PostgreSQL, two coordinators, two edges and a supervisor with workers, each a program of
its own with a saboteur inside, and a line between each of them and whatever it depends on."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.acceptance.cluster import LENT, PRIVATE
from tests.acceptance.processes import CHECKOUT, Program, living_in
from tests.chaos import cast
from tests.chaos.control import Controls
from tests.chaos.database import NAME, Database
from tests.chaos.lines import Dial, Line, to_port, to_socket
from tests.chaos.tasks import MARKERS_VARIABLE

LOOK = 0.1
STARTED_WITHIN = 60.0
ENDED_WITHIN = 60
POOL_SIZE = 20
"""Slots of a worker: two workers must be enough for the load, or waiting for a slot would look like a slow rescue."""


@dataclass(frozen=True)
class Exit:
    """A program of ours that ended: by itself, or because something was done to it. -n: by signal n."""

    name: str
    code: int


class ChaosCluster:
    """`async with ChaosCluster(folder) as cluster`: everything is up.

    Who dies is started again after `restart_after` seconds; workers are their supervisor's business.
    State: the programs by name, how each earlier life ended, and whether everything is coming to its end.
    """

    def __init__(self, folder: Path, restart_after: float = 0.5) -> None:
        self.folder = folder
        self.places = cast.Places.choose()
        self.controls = Controls(folder / "control")
        self.history = folder / "history"
        self.home = folder / "home"
        self.log = folder / "log"
        self.database = Database(self.home)
        self.exits: list[Exit] = []
        self.lines = {line.name: line for line in self._lines()}
        self._restart_after = restart_after
        self._programs: dict[str, Program] = {}
        self._stack = AsyncExitStack()
        self._keeper: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<ChaosCluster {self.folder} {sorted(self._programs)}>"

    async def __aenter__(self) -> "ChaosCluster":
        try:
            await self._come_up()
        except BaseException:
            # Nobody else closes what was opened, and uvloop waits for ever for a server that was left open.
            await self.__aexit__()
            raise
        return self

    async def _come_up(self) -> None:
        for part in ("history", "pids", "markers", "home"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self._stack.callback(self._kill_the_rest)
        self._stack.push_async_callback(self.database.stop)
        await self.database.start()
        for line in self.lines.values():
            await self._stack.enter_async_context(line)
        for name in (*cast.COORDINATORS, *cast.EDGES, cast.SUPERVISOR):
            self._start(name)
        self._keeper = asyncio.create_task(self._keep(), name="keeper")
        if not await self.all_up():
            raise TimeoutError(f"{self} did not come up within {STARTED_WITHIN:.0f} s; see {self.log}")

    async def __aexit__(self, *_: object) -> None:
        await self._stop_keeper()
        await self._stack.aclose()

    # ------------------------------------------------------------ who is there

    def pid(self, name: str) -> int | None:
        """Of the process that has this name now, if it lives."""
        path = self.folder / "pids" / name
        pid = int(path.read_text() or 0) if path.exists() else 0
        return pid if pid and self._is(pid, name) else None

    def pids(self) -> dict[str, int]:
        """Of everybody who lives now."""
        names = (*cast.COORDINATORS, *cast.EDGES, cast.SUPERVISOR, *cast.WORKERS)
        return {name: pid for name in names if (pid := self.pid(name)) is not None}

    def send(self, name: str, number: signal.Signals) -> int | None:
        """A signal to whoever has this name now; its pid, None if nobody has."""
        pid = self.pid(name)
        if pid is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return None
        return pid

    def edge_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.places.edges[name]}"

    async def all_up(self) -> bool:
        """Wait until both edges are ready and as many workers are online as at first; False if that does not come."""
        deadline = time.monotonic() + STARTED_WITHIN
        async with httpx.AsyncClient(timeout=5) as http:
            while not await self._is_up(http):
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(LOOK)
        return True

    async def _is_up(self, http: httpx.AsyncClient) -> bool:
        try:
            answers = [await http.get(f"{self.edge_url(edge)}/readyz") for edge in cast.EDGES]
            workers = (await http.get(f"{self.edge_url(cast.EDGES[0])}/api/workers")).json()
        except (httpx.HTTPError, ValueError):
            return False
        online = {worker["name"] for worker in workers if worker["status"] == "online"}
        return all(answer.status_code == 200 for answer in answers) and online == {*cast.STEADY_WORKERS}

    @asynccontextmanager
    async def callers(self, seed: int) -> AsyncIterator[None]:
        """Those who enqueue over gRPC do so as long as this is entered."""
        command = [sys.executable, "-m", "tests.chaos.callers", str(seed)]
        program = Program(command, env=self._env("callers"), cwd=self.folder, log=self.log)
        try:
            yield
        finally:
            program.send(signal.SIGTERM)
            await asyncio.to_thread(program.wait, ENDED_WITHIN)

    # ------------------------------------------------------------ the end

    async def stop(self) -> list[Exit]:
        """SIGTERM to everybody, workers' supervisor first; how each ended. PostgreSQL stays."""
        await self._stop_keeper()
        ends = []
        for name in (cast.SUPERVISOR, *cast.EDGES, *cast.COORDINATORS):
            program = self._programs[name]
            program.send(signal.SIGTERM)
            ends.append(Exit(name, await asyncio.to_thread(program.wait, ENDED_WITHIN)))
        return ends

    async def _stop_keeper(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})

    def _kill_the_rest(self) -> None:
        for process in living_in(self.home):
            process.kill()
        for program in self._programs.values():
            program.wait(10)

    # ------------------------------------------------------------ processes

    async def _keep(self) -> None:
        """Start again who has died."""
        while True:
            dead = [name for name, program in self._programs.items() if program.exit_code is not None]
            if dead:
                await asyncio.sleep(self._restart_after)
            for name in dead:
                self.exits.append(Exit(name, self._programs[name].exit_code or 0))
                self._start(name)
            await asyncio.sleep(LOOK)

    def _start(self, name: str) -> None:
        role = cast.role_of(name)
        command = [sys.executable, "-m", "tests.chaos.node", role]
        self._programs[name] = Program(command, env=self._env(name), cwd=self.folder, log=self.log)

    def _env(self, name: str) -> dict[str, str]:
        lent = {key: value for key, value in os.environ.items() if key in LENT or not key.startswith(PRIVATE)}
        coordinators = [f"127.0.0.1:{port}" for port in self.places.coordinators.values()]
        return {
            **lent,
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
            "HOME": str(self.folder),
            "TASKMASTER_HOME": str(self.home),
            "TASKMASTER_PARENT": str(os.getpid()),
            "TASKMASTER_TASKS": "tests.chaos.tasks",
            "COORDINATOR_ADDRESS": ",".join(coordinators),
            "WORKER_ADDRESS": "127.0.0.1",
            "WORKER_POOL_SIZE": str(POOL_SIZE),
            "WORKERS": str(cast.WORKERS_AT_FIRST),
            "HEARTBEAT_INTERVAL": "1",
            "DRAIN_TIMEOUT": "5",
            "DB_POOL_SIZE": "6",
            "LOG_FORMAT": "json",
            cast.NAME_VARIABLE: name,
            cast.HISTORY_VARIABLE: str(self.history),
            cast.PLACES_VARIABLE: self.places.encode(),
            MARKERS_VARIABLE: str(self.folder / "markers"),
            **self._own_env(name),
        }

    def _own_env(self, name: str) -> dict[str, str]:
        if name not in self.places.databases:
            return {}
        port = self.places.databases[name]
        where = self.places.coordinators.get(name) or self.places.edges[name]
        listen = "COORDINATOR_PORT" if name in self.places.coordinators else "SCHEDULER_PORT"
        return {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{port}/{NAME}?sslmode=disable&gssencmode=disable",
            listen: f"127.0.0.1:{where}",
        }

    def _is(self, pid: int, name: str) -> bool:
        """Numbers are given to others when a process has ended."""
        try:
            process = psutil.Process(pid)
            env = {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
        variable = "WORKER_NAME" if name in cast.WORKERS else cast.NAME_VARIABLE
        return env.get(cast.HISTORY_VARIABLE) == str(self.history) and env.get(variable) == name

    # ------------------------------------------------------------ lines

    def _lines(self) -> Iterator[Line]:
        postgres = to_socket(self.database.socket)
        for name, port in self.places.databases.items():
            yield Line(cast.line_name(name, cast.POSTGRES), port, postgres)
        for worker, place in self.places.workers.items():
            yield Line(cast.line_name("coordinators", worker), place.line_port, to_port(place.port))
            for coordinator, port in zip(cast.COORDINATORS, place.coordinator_lines, strict=True):
                dial: Dial = to_port(self.places.coordinators[coordinator])
                yield Line(cast.line_name(worker, coordinator), port, dial)
