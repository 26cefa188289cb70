"""What the bench must know of a peer. Everything else is behind its program and the verbs below.

`peers/<name>/__init__.py` says these facts; `program.py` (or `program.mjs`) beside it runs in the peer's own
environment and knows these verbs, told by PEERS_STORE, PEERS_NOTES and PEERS_PORTS where to work (probe/probe.py):

    prepare                 make the schema; not timed (PostgreSQL only)
    enqueue COUNT SECONDS   COUNT no-ops the best bulk way, for at most SECONDS; {"count": …, "seconds": …} on stdout
    work                    run tasks until killed, as the peer's documentation advises for throughput on two cores
    post COUNT GAP          COUNT single tasks that note when they begin, each acknowledged before the next
    enqueue-slow COUNT S    COUNT tasks that note when they begin and end, and sleep S seconds in between
    work-defaults           run tasks with default settings, but room for 20 at a time

and one more for each of its `services`, which run beside the workers and are not killed.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


class Home(StrEnum):
    """Where a peer keeps its tasks."""

    POSTGRESQL = "PostgreSQL"
    REDIS = "Redis"


class Runtime(StrEnum):
    """What its program runs in: a virtual environment, Node from one, or the environment of the bench itself."""

    PYTHON = "Python"
    NODE = "Node"
    OURS = "this checkout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`unfinished`: how many tasks are left, in SQL, or Redis commands, one a line, whose answers are added up.

    `workers`: how many processes of `work`. `packages`: whose versions are told, the peer's own first.
    `settings`, `acknowledged`, `execution`, `history`: for the reader of the table, what was set and what is promised.
    `pages`: the documentation that the settings come from.
    """

    name: str
    title: str
    home: Home
    runtime: Runtime
    packages: tuple[str, ...]
    unfinished: str
    settings: str
    acknowledged: str
    execution: str
    history: str
    pages: tuple[str, ...] = ()
    workers: int = 1
    services: tuple[str, ...] = ()
    least_python: tuple[int, int] = (3, 11)

    @property
    def folder(self) -> Path:
        return FOLDER / self.name.replace("-", "_")

    @property
    def program(self) -> Path:
        return self.folder / ("program.mjs" if self.runtime is Runtime.NODE else "program.py")
