"""A small cluster for a short run with one purpose: an edge, coordinators and workers without supervisor, one fault.

Every process is started by `tests.chaos.broken`, so that a rule may be broken in it. It writes the same history as the
long run and is judged by the same checkers.
"""

import os
import signal
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cluster.runtime.ids import new_id
from tests.acceptance.cluster import LENT, PRIVATE
from tests.acceptance.processes import CHECKOUT, Program, free_ports
from tests.chaos.cast import HISTORY_VARIABLE, POSTGRES, line_name
from tests.chaos.history import End, History, Recorder, Start
from tests.chaos.lines import Line, to_socket
from tests.chaos.sabotage import VARIABLE
from tests.chaos.tables import Tables, snapshot
from tests.chaos.tasks import MARKERS_VARIABLE
from tests.fixtures.eventually import eventually

START_SECONDS = 40
HEARTBEAT = 0.5


class Directed:
    """A run in this folder. State: the programs by name, the database URLs of some, and how many calls were made."""

    def __init__(self, database_url: str, folder: Path, *, broken: str = "") -> None:
        self._url, self._folder, self._broken = database_url, folder, broken
        self._programs: dict[str, Program] = {}
        self._urls: dict[str, str] = {}
        self._ports = dict(zip(("edge-1", "coordinator-1", "coordinator-2"), free_ports(3), strict=True))
        self._calls = 0
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self._ports['edge-1']}", timeout=10)
        self._client = Recorder(folder / "history" / "client-1.jsonl", "client-1")
        self._chaos = Recorder(folder / "history" / "chaos.jsonl", "chaos")

    def __repr__(self) -> str:
        return f"<Directed {self._broken or 'unbroken'} {self._programs}>"

    def end(self) -> None:
        """Kill whoever lives; the run has been judged."""
        for program in self._programs.values():
            if program.exit_code is None:
                program.send(signal.SIGKILL)
            program.wait(10)
        self.http.close()

    # ------------------------------------------------------------ processes

    def start(self, name: str, *, coordinators: Sequence[str] = ("coordinator-1",)) -> None:
        """The process of this name; `coordinators`: whom it knows."""
        command = [sys.executable, "-m", "tests.chaos.broken", name.rpartition("-")[0]]
        env = self._env(name, coordinators)
        self._programs[name] = Program(command, env=env, cwd=self._folder, log=self._folder / "log")

    async def kill(self, name: str) -> None:
        """Returns when it is dead."""
        self._write("kill", name, "begin")
        self._programs[name].send(signal.SIGKILL)
        await eventually(lambda: self._programs[name].exit_code is not None)
        self._write("kill", name, "end")

    def freeze(self, name: str) -> None:
        """Until `thaw`."""
        self._write("freeze", name, "begin")
        self._programs[name].send(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._programs[name].send(signal.SIGCONT)
        self._write("freeze", name, "end")

    def line(self, name: str) -> Line:
        """What the process of this name, started from now on, has between itself and PostgreSQL."""
        parts: dict[str, Any] = conninfo_to_dict(self._url)
        [port] = free_ports(1)
        self._urls[name] = make_conninfo(**{**parts, "host": "127.0.0.1", "port": port, "sslmode": "disable"})
        socket = Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port', 5432)}"
        return Line(line_name(name, POSTGRES), port, to_socket(socket))

    def silence(self, line: Line) -> None:
        """Until `mend`."""
        self._write("silence", line.name, "begin")
        line.silence()

    def mend(self, line: Line) -> None:
        line.mend()
        self._write("silence", line.name, "end")

    def _write(self, fault: str, target: str, phase: str) -> None:
        pid = self._programs[target].pid if target in self._programs else None
        self._chaos.write("fault", fault=fault, target=target, phase=phase, target_pid=pid)

    async def online(self, *workers: str) -> None:
        """Until the edge is ready and exactly these workers are online."""
        await eventually(lambda: self._online() == set(workers), timeout=START_SECONDS)

    def _online(self) -> set[str]:
        for name, program in self._programs.items():
            if program.exit_code not in {None, -signal.SIGKILL}:
                pytest.fail(f"{name} ended: {(self._folder / 'log').read_text()[-4000:]}")
        try:
            if self.http.get("/readyz").status_code != 200:
                return set()
            return {worker["name"] for worker in self.http.get("/api/workers").json() if worker["status"] == "online"}
        except httpx.TransportError:
            return set()

    def _env(self, name: str, coordinators: Sequence[str]) -> dict[str, str]:
        lent = {key: value for key, value in os.environ.items() if key in LENT or not key.startswith(PRIVATE)}
        role = name.rpartition("-")[0]
        listen = {"edge": "SCHEDULER_PORT", "coordinator": "COORDINATOR_PORT"}.get(role)
        return {
            **lent,
            "PYTHONPATH": str(CHECKOUT),
            "HOME": str(self._folder),
            "TASKMASTER_HOME": str(self._folder / "home"),
            "TASKMASTER_TASKS": "tests.chaos.tasks",
            "DATABASE_URL": self._urls.get(name, self._url),
            "COORDINATOR_ADDRESS": ",".join(f"127.0.0.1:{self._ports[each]}" for each in coordinators),
            "WORKER_NAME": name,
            "WORKER_POOL_SIZE": "10",
            "HEARTBEAT_INTERVAL": str(HEARTBEAT),
            "DB_POOL_SIZE": "4",
            "LOG_FORMAT": "json",
            HISTORY_VARIABLE: str(self._folder / "history"),
            MARKERS_VARIABLE: str(self._folder),
            VARIABLE: self._broken,
            **({listen: f"127.0.0.1:{self._ports[name]}"} if listen else {}),
        }

    def measure(self, phase: str) -> None:
        """Write down how much memory everybody holds."""
        for name, program in self._programs.items():
            if program.exit_code is None:
                size = psutil.Process(program.pid).memory_info().rss
                self._chaos.write("memory", target=name, target_pid=program.pid, rss_bytes=size, phase=phase)

    # ------------------------------------------------------------ requests

    def enqueue(
        self,
        command: str,
        count: int = 1,
        *,
        delay: float = 0.0,
        times: int = 1,
        key: str | None = None,
        **payload: object,
    ) -> list[UUID]:
        """So many tasks in one call, with ids of ours; said `times` times, as by one who does not trust the answer."""
        ids = [new_id() for _ in range(count)]
        fields = {"command": command, "payload": payload, "delay_seconds": delay, "unique_key": key}
        body = {"tasks": [{**fields, "task_id": str(task_id)} for task_id in ids]}
        for _ in range(times):
            asked = {"task_ids": ids, "delays": [delay] * count, "unique_keys": [key] * count}
            self._call("enqueue", "/api/schedule/batch", body, asked)
        return ids

    def cancel(self, task_id: UUID) -> None:
        """By hand."""
        self._call("cancel", f"/api/tasks/{task_id}/cancel", None, {"task_ids": [task_id]})

    def _call(self, operation: str, path: str, body: object, asked: dict[str, object]) -> None:
        self._calls += 1
        named = {"op": operation, "call": f"client-1/{self._calls}"}
        self._client.write("invoke", **named, **asked)
        try:
            answer = self.http.post(path, json=body)
        except httpx.TransportError as error:
            self._client.write("unknown", **named, detail=repr(error))
            return
        facts = answer.json()
        if answer.status_code not in {200, 201}:
            self._client.write("unknown", **named, status=answer.status_code, detail=answer.text)
        elif operation == "enqueue":
            self._client.write("ok", **named, status=answer.status_code, task_ids=facts["task_ids"])
        else:
            changed = [facts["task_id"]] if facts["changed"] else []
            self._client.write("ok", **named, status=answer.status_code, task_ids=changed)

    # ------------------------------------------------------------ what happened

    def history(self) -> History:
        return History.read(self._folder / "history")

    def started(self, worker: str, among: Collection[UUID] | None = None) -> int:
        """How many runs this worker has begun, of these tasks or of any."""
        return self._count(Start, worker, among)

    def ended(self, worker: str, among: Collection[UUID] | None = None) -> int:
        """How many of them have come to their end."""
        return self._count(End, worker, among)

    def _count(self, kind: type[Start] | type[End], worker: str, among: Collection[UUID] | None) -> int:
        lines = self.history().of_kind(kind)
        return sum(line.process == worker and (among is None or line.task_id in among) for line in lines)

    def unfinished(self) -> int:
        with psycopg.connect(self._url) as connection:
            row = connection.execute("SELECT count(*) FROM tasks").fetchone()
        assert row is not None
        return int(row[0])

    def tables(self) -> Tables:
        return snapshot(self._url)

    async def settle(self, seconds: float) -> None:
        """Until the backlog has drained, or so many seconds have passed without."""
        try:
            await eventually(lambda: self.unfinished() == 0, timeout=seconds, pause=0.1)
        except AssertionError:
            # For the checkers to tell.
            return
        finally:
            self._chaos.write("mark", name="quiet")
