"""What clients, handlers and the saboteur of faults saw, written outside PostgreSQL and read by the checkers.

One JSON object a line, in files of one folder; any number of processes write, each with a `Recorder`:

    {"t": 81234567890, "kind": "invoke", "process": "client-1", "pid": 4711, "op": "enqueue", "call": "…", …}

`t` is CLOCK_MONOTONIC in ns: one clock for every process of the machine, which no fault can set. The kinds and their
facts are the classes below; a fact they do not name may be written all the same, and is not read.
"""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeAlias, TypeVar
from uuid import UUID

import msgspec

Operation: TypeAlias = Literal["enqueue", "cancel", "retry"]
Ending: TypeAlias = Literal["ok", "failed", "retry", "cancel", "cancelled"]
"""How a handler ended: returned its execution id, raised, asked for a retry, cancelled itself, or was cancelled."""


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every record has: when, and who wrote it. `process` is a name that outlives restarts, `pid` one life."""

    t: int
    process: str
    pid: int


class Invoke(Line, frozen=True, kw_only=True, tag="invoke"):
    """A client is about to send `call`. `task_ids`: those it chose itself; ids that the server gives come with Ok.

    `delays` (seconds from now, one a task or none at all) and `unique_keys` (likewise, null = none): of an enqueue.
    `count`: how many tasks it asks for, if it leaves their ids to the server.
    """

    op: Operation
    call: str
    task_ids: tuple[UUID, ...] = ()
    delays: tuple[float, ...] = ()
    unique_keys: tuple[str | None, ...] = ()
    count: int = 0


class _Answer(Line, frozen=True, kw_only=True):
    """`status`: of HTTP, null if there was no answer."""

    op: Operation
    call: str
    task_ids: tuple[UUID, ...] = ()
    status: int | None = None
    detail: str = ""


class Ok(_Answer, frozen=True, kw_only=True, tag="ok"):
    """Acknowledged. `task_ids`: what is promised (enqueue), or what changed (cancel, retry)."""


class Fail(_Answer, frozen=True, kw_only=True, tag="fail"):
    """Refused: nothing happened, and nothing ever will of this call."""


class Unknown(_Answer, frozen=True, kw_only=True, tag="unknown"):
    """No answer, or one that leaves it open (a broken connection, 503): it may have happened or not."""


class Start(Line, frozen=True, kw_only=True, tag="start"):
    """A handler began. `execution`: an id of its own for this run, which the handler returns as its result: the text
    alone, or a JSON object with it under "execution". `process` must be the worker's name. `token`: see tokens.py.
    """

    task_id: UUID
    attempt: int
    execution: UUID
    token: int | None = None


class End(Line, frozen=True, kw_only=True, tag="end"):
    """A handler is about to return or raise. A run that was killed has no End."""

    task_id: UUID
    attempt: int
    execution: UUID
    outcome: Ending


class Fault(Line, frozen=True, kw_only=True, tag="fault"):
    """Written before a fault begins, and after it has ended.

    `fault`: its name ("kill"), and more behind a blank. `target`: the process it hit ("worker-2", "postgres"), or the
    ends of the line ("worker-2 to coordinator-1"). One that names a worker explains what befell the executions of that
    worker; one that names an edge or a client explains nothing about executions; any other may have touched them all.
    A handler that ends, blocks or starves its own worker writes one too, before it does.
    """

    fault: str
    target: str
    phase: Literal["begin", "end"]
    target_pid: int | None = None


class Memory(Line, frozen=True, kw_only=True, tag="memory"):
    """How much memory a process holds: before the first fault, now and then, and when everything is quiet again."""

    target: str
    target_pid: int
    rss_bytes: int
    phase: Literal["baseline", "sample", "final"]


class Mark(Line, frozen=True, kw_only=True, tag="mark"):
    """Where the run has got to: "load-begin", "load-end", "quiet" (faults are over, everything is up), "drained"."""

    name: Literal["load-begin", "load-end", "quiet", "drained"]


Record: TypeAlias = Invoke | Ok | Fail | Unknown | Start | End | Fault | Memory | Mark
R = TypeVar("R", bound=Line)

_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class Recorder:
    """Appends to one file. State: its descriptor.

    Each line is one write(2) to a descriptor opened with O_APPEND: SIGKILL loses nothing that was written, and lines of
    threads and forked children do not mix. What the kernel has it keeps, short of a power cut.
    """

    def __init__(self, path: Path, process: str) -> None:
        self.process = process
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        if os.fstat(self._file).st_size:
            # An earlier life may have died in the middle of a line; ours shall not become the rest of it.
            os.write(self._file, b"\n")

    def __repr__(self) -> str:
        return f"<Recorder {self.process}>"

    def write(self, kind: str, **facts: object) -> None:
        """One record. `facts` become JSON: UUIDs, numbers, text, lists. Raises msgspec.ValidationError for nonsense."""
        when = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        line = msgspec.json.encode({"t": when, "kind": kind, "process": self.process, "pid": os.getpid(), **facts})
        # A record that cannot be read must fail where it is written, not in the check an hour later.
        _DECODER.decode(line)
        os.write(self._file, line + b"\n")

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True)
class History:
    """Every record in the order of time. `torn`: lines whose writer was killed in the middle of them."""

    records: tuple[Record, ...]
    torn: int = 0

    @classmethod
    def of(cls, records: Iterable[Record]) -> Self:
        """These records, put in order."""
        return cls(tuple(sorted(records, key=lambda record: record.t)))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """All of `folder`/**/*.jsonl. Raises ValueError for a whole line that is no record."""
        found: list[Record] = []
        torn = 0
        for path in sorted(folder.rglob("*.jsonl")):
            for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
                try:
                    if line:
                        found.append(_DECODER.decode(line))
                except msgspec.ValidationError as error:
                    raise ValueError(f"{path}, line {number}: {error}") from error
                except msgspec.DecodeError:
                    torn += 1
        return cls(cls.of(found).records, torn)

    def of_kind(self, kind: type[R]) -> Iterator[R]:
        """The records of one class, in the order of time."""
        return (record for record in self.records if isinstance(record, kind))
