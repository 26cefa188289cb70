"""A cluster of real processes, started the way a person starts one, and everything it leaves behind checked."""

import os
import shutil
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from tests.acceptance.processes import CHECKOUT, Program, arguments_of, describe, free_ports, kill_all, living_in
from tests.acceptance.stream import EventStream
from tests.acceptance.tracebacks import tracebacks_in
from tests.fixtures.eventually import eventually

Json = dict[str, Any]

MODULES = (CHECKOUT / "examples", CHECKOUT / "tests" / "acceptance" / "fixtures")
START_SECONDS = 40
FINAL = {"COMPLETE", "FAILED", "CANCELLED"}
PRIVATE = (
    "DATABASE_URL",
    "POSTGRES_",
    "SCHEDULER_",
    "COORDINATOR_",
    "WORKER",
    "TASK",
    "HEARTBEAT_",
    "DRAIN_",
    "DB_",
    "LOG_",
)
"""Beginnings of variables that a developer's shell must not lend to the cluster of a test."""
LENT = {"TASKMASTER_LOOP"}
"""The matrix runs the suite on each event loop."""


class RunningCluster:
    """A home, two ports and a log of its own, and the programs that were started there.

    State: the programs started so far, in order. `settings` are environment variables; change them before a start.
    """

    def __init__(
        self, *, user: str | None = None, interpreter: str | None = None, database_url: str | None = None
    ) -> None:
        """Without `database_url` the PostgreSQL is its own."""
        self.folder = Path(tempfile.mkdtemp(prefix="taskmaster-"))
        # The embedded server of root is another user, who must get in.
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self.log = self.folder / "log"
        self.programs: list[Program] = []
        self.user, self._interpreter = user, interpreter
        self.edge_port, self.coordinator_port = free_ports(2)
        self.settings: dict[str, str] = {
            "TASKMASTER_HOME": str(self.home),
            "SCHEDULER_PORT": f"127.0.0.1:{self.edge_port}",
            "COORDINATOR_PORT": f"127.0.0.1:{self.coordinator_port}",
            "COORDINATOR_ADDRESS": f"127.0.0.1:{self.coordinator_port}",
            "WORKER_ADDRESS": "127.0.0.1",
            "TASKMASTER_TASKS": "reader_tasks,hash_files",
            "TASK_PROCESS_TIME": "1",
            "LOG_FORMAT": "json",
        }
        if database_url is not None:
            self.settings["DATABASE_URL"] = database_url
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.edge_port}", timeout=30)
        if user is not None:
            shutil.chown(self.folder, user)

    def __repr__(self) -> str:
        return f"<RunningCluster {self.home} edge=:{self.edge_port} programs={self.programs}>"

    # ------------------------------------------------------------ programs

    @property
    def env(self) -> dict[str, str]:
        """The environment of every program of this cluster."""
        lent = {name: value for name, value in os.environ.items() if name in LENT or not name.startswith(PRIVATE)}
        # The code beside these tests, and the installed libraries where the interpreter is not ours.
        libraries = [] if self._interpreter is None else [sysconfig.get_path("purelib")]
        path = os.pathsep.join(map(str, [*MODULES, CHECKOUT, *libraries]))
        return {**lent, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "HOME": str(self.folder), **self.settings}

    def command(self, *arguments: str) -> list[str]:
        """The command line of `taskmaster ARGUMENTS`."""
        return [self._interpreter or sys.executable, "-m", "cluster.cli", *arguments]

    def start(self, *arguments: str) -> Program:
        """Start `taskmaster ARGUMENTS` and return at once."""
        return self.start_program(self.command(*arguments))

    def start_program(self, command: Sequence[str], *, settings: Mapping[str, str] | None = None) -> Program:
        program = Program(
            command, env={**self.env, **(settings or {})}, cwd=self.folder, log=self.log, user=self.user
        )  # fmt: skip
        self.programs.append(program)
        return program

    async def up(self, *, workers: int = 3) -> Program:
        """`taskmaster up`; returns when the edge answers and every worker is online."""
        self.settings["WORKERS"] = str(workers)
        program = self.start("up")
        await self.ready(workers)
        return program

    async def ready(self, workers: int) -> None:
        """Wait until the edge says that it is ready and exactly `workers` workers are online."""

        def is_ready() -> bool:
            for program in self.programs:
                # Below 0: the test killed it.
                if (program.exit_code or 0) > 0:
                    pytest.fail(f"{program} ended\n{self.log_tail()}")
            return self.is_ready() and len(self.online()) == workers

        try:
            await eventually(is_ready, timeout=START_SECONDS)
        except AssertionError:
            pytest.fail(f"{self} is not ready after {START_SECONDS} s\n{self.log_tail()}")

    def is_ready(self) -> bool:
        return self.answers("/readyz")

    def processes(self, module: str) -> list[psutil.Process]:
        """The processes that run `python -m MODULE` for this cluster."""
        return [process for process in living_in(self.home) if module in arguments_of(process)]

    def answers(self, path: str) -> bool:
        try:
            return self.http.get(path).status_code == 200
        except httpx.TransportError:
            return False

    async def stop(self, *, exit_code: int = 0) -> None:
        """SIGTERM to every program that still runs, the youngest first; each must end with `exit_code`."""
        for program in reversed(self.programs):
            if program.exit_code is None:
                program.send(signal.SIGTERM)
                assert program.wait(60) == exit_code, f"{program}\n{self.log_tail()}"
        await self.nothing_left()

    async def nothing_left(self) -> None:
        """No process of this cluster lives on."""
        try:
            await eventually(lambda: not living_in(self.home), timeout=15)
        except (AssertionError, TimeoutError):
            raise AssertionError("left behind:\n" + "\n".join(describe(living_in(self.home)))) from None

    # ------------------------------------------------------------ requests

    def get(self, path: str, **params: str | int) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Json, *, status: int) -> Json:
        answer = self.http.post(path, json=body)
        assert answer.status_code == status, f"POST {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    def enqueue(self, command: str, payload: Json | None = None, **fields: Any) -> str:
        """The id of one new task."""
        body = {"command": command, "payload": payload or {}, **fields}
        return str(self.post("/api/schedule", body, status=201)["task_id"])

    def enqueue_many(self, command: str, count: int, payload: Json | None = None) -> list[str]:
        """The ids of `count` equal tasks, enqueued by one request (at most 1,000)."""
        body = {"command": command, "count": count, "payload": payload or {}}
        return [str(each) for each in self.post("/api/schedule/batch", body, status=201)["task_ids"]]

    def task(self, task_id: str) -> Json:
        return dict(self.get(f"/api/tasks/{task_id}"))

    def tasks(self, **filters: str | int) -> list[Json]:
        """Every task that fits, page by page."""
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.get("/api/tasks", limit=500, **filters, **({"cursor": cursor} if cursor else {}))
            found.extend(page["tasks"])
            cursor = page["next_cursor"]
        return found

    def these(self, task_ids: Iterable[str]) -> list[Json]:
        """These tasks in the order of `task_ids`."""
        wanted = [str(UUID(task_id)) for task_id in task_ids]
        known = {task["id"]: task for task in self.tasks()} if len(wanted) > 20 else {}
        return [known.get(task_id) or self.task(task_id) for task_id in wanted]

    async def finished(self, task_ids: Iterable[str], *, timeout: float = 30) -> list[Json]:
        """These tasks once each of them has come to its end."""
        wanted = list(task_ids)

        def all_finished() -> list[Json]:
            tasks = self.these(wanted)
            return tasks if all(task["status"] in FINAL for task in tasks) else []

        return list(await eventually(all_finished, timeout=timeout))

    def stats(self) -> Json:
        return dict(self.get("/api/stats"))

    async def idle(self) -> None:
        """Nothing waits and nothing runs."""
        await eventually(lambda: self.stats()["pending"] == 0 and self.stats()["running"] == 0, timeout=30)

    def workers(self) -> list[Json]:
        return list(self.get("/api/workers"))

    def online(self) -> list[Json]:
        return [worker for worker in self.workers() if worker["status"] == "online"]

    def events(self, *, last_event_id: str | None = None) -> EventStream:
        return EventStream(f"http://127.0.0.1:{self.edge_port}/api/logs/stream", last_event_id=last_event_id)

    # ------------------------------------------------------------ logs and the end

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def assert_no_traceback(self) -> None:
        """Neither in what the programs wrote nor in any log file below the home."""
        files = [path for path in (self.log, *self.home.rglob("*.log")) if path.is_file()]
        found = [traceback for path in files for traceback in tracebacks_in(path)]
        assert not found, "\n\n".join(found)

    def remove(self) -> None:
        """Kill whatever lives on and delete the folder."""
        self.http.close()
        kill_all(self.home)
        for program in self.programs:
            program.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
