"""Counters of what a task costs on its way: statements, messages, calls of functions."""

import asyncio
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import grpc
import psycopg
import pytest

import cluster
from cluster.runtime.paths import shipped
from cluster.store.line import Line
from cluster.store.statements import statement
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub
from cluster.worker.invoke import Prepared
from cluster.worker.leases import Leases
from cluster.worker.registry import Handler
from cluster.worker.stream import Stream
from tests.coordinator.peer import PeerWorker
from tests.worker.processes import Processes

PACKAGE = str(Path(cluster.__file__).parent)


class Statements:
    """What every connection but one has sent; those named in `held` are sent once `go_on` is set.

    State: how often each statement, by the name of its file, and how many answers were waited for: BEGIN and COMMIT are
    among these."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, without: psycopg.AsyncConnection[Any]) -> None:
        self.sent: Counter[str] = Counter()
        self.answers = 0
        self.held: str | None = None
        self.go_on = asyncio.Event()
        files = (shipped("sql") / "queries").glob("*.sql")
        names = {statement(path.stem): path.stem for path in files}
        execute, wait = psycopg.AsyncCursor.execute, Line.wait

        async def counted(cursor: Any, query: Any, *args: Any, **options: Any) -> Any:
            if cursor.connection is not without:
                name = names.get(query, str(query))
                self.sent[name] += 1
                if self.held and name.startswith(self.held):
                    await self.go_on.wait()
            return await execute(cursor, query, *args, **options)

        async def answered(line: Any, *args: Any, **options: Any) -> Any:
            self.answers += line is not without
            return await wait(line, *args, **options)

        monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted)
        monkeypatch.setattr(Line, "wait", answered)

    def named(self, beginning: str) -> int:
        """How many were sent whose file is named like this."""
        return sum(count for name, count in self.sent.items() if name.startswith(beginning))


class NoopWorker(PeerWorker):
    """The parts of a real worker behind the door of a peer: its slots on a thread of their own, its leases, its stream.

    It completes `most` no-ops and then has its hands full. State: how many it began, the messages in each direction.
    """

    def __init__(self, coordinator: CoordinatorServiceStub, most: int, slots: int = 50) -> None:
        super().__init__(coordinator, slots=slots)
        self.begun, self.down, self.up = 0, 0, 0
        self._most = most
        self.held = Leases(slots, {"noop": Prepared(Handler("noop", self._noop))}, Processes())

    async def _noop(self) -> None:
        self.begun += 1
        if self.begun > self._most:
            await asyncio.Event().wait()

    async def start(self) -> None:
        await self.held.start()
        await super().start()

    async def stop(self) -> None:
        await super().stop()
        await self.held.stop()

    async def RunTasks(self, _requests: object, context: Any) -> None:  # noqa: N802
        await Stream(_Counted(context, self), self.held).serve(None)


class _Counted:
    """A call whose messages are counted."""

    def __init__(self, call: Any, worker: NoopWorker) -> None:
        self._call, self._worker = call, worker
        self.abort = call.abort

    async def read(self) -> pb.TaskBatch:
        message = await self._call.read()
        self._worker.down += message is not grpc.aio.EOF
        return message

    async def write(self, message: pb.StatusBatch) -> None:
        self._worker.up += 1
        await self._call.write(message)


class Calls:
    """Calls of Python functions of this package, and those of C that it makes itself, on this thread and on those that
    begin meanwhile. Not what runs inside of C, nor how long it takes.

    State: how often each was called, per thread, for two threads would lose counts.
    """

    def __init__(self) -> None:
        self._ours: dict[CodeType, bool] = {}
        self._counts: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)

    @contextmanager
    def counted(self) -> Iterator[None]:
        threading.setprofile(self._called)
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]

    def per_task(self, tasks: int, where: tuple[str, ...]) -> dict[str, float]:
        """Calls per task by function, of those below these folders. What a batch costs, or a moment, is left out."""
        found: Counter[str] = Counter()
        for counts in self._counts.values():
            for (file, name), count in counts.items():
                if file.startswith(tuple(f"{PACKAGE}/{folder}/" for folder in where)):
                    found[f"{Path(file).stem}.{name}"] += count
        return {name: count / tasks for name, count in found.most_common() if count >= tasks / 10}

    def _called(self, frame: FrameType, event: str, what: Any) -> None:
        if event not in {"call", "c_call"}:
            return
        code = frame.f_code
        ours = self._ours.get(code)
        if ours is None:
            ours = self._ours[code] = code.co_filename.startswith(PACKAGE)
        if ours:
            name = code.co_qualname if event == "call" else f"{code.co_qualname} → {what.__name__}"
            self._counts[threading.get_ident()][code.co_filename, name] += 1
