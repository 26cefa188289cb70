"""What the supervisor can run: programs as argument lists, never a shell, and never an import of a role."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from cluster.runtime.paths import socket_folder
from cluster.runtime.settings import Settings
from cluster.supervisor import ports

SERVICE_PATIENCE = 10.0
"""Seconds an edge or a coordinator gets to close what it has open."""
DATABASE_PATIENCE = 60.0
"""Seconds a fast shutdown may take: it writes a checkpoint, and a kill would only make the next start pay for it."""
DRAIN_MARGIN = 5.0
"""Seconds after DRAIN_TIMEOUT in which a worker must have released what it could not finish."""


class Stage(IntEnum):
    """Started upwards, each when all below are ready; stopped downwards, each when all above are gone.

    The edge goes after the coordinator, so that those who watch hear of every end.
    """

    DATABASE = 0
    SCHEMA = 1
    EDGE = 2
    COORDINATOR = 3
    WORKERS = 4


@dataclass(frozen=True, slots=True)
class Role:
    """A program and how it is treated.

    `ready` tells whether it can be used (None: as soon as it runs). `runs_tasks`: it can be used when it heeds SIGTERM,
    for that is when its task modules are loaded; what ends it after that may be a task. `once`: it is done when it
    exits with 0, and not tried again. `essential`: nothing works without it. `awaited`: the stages above begin when it
    is ready. `patience`: seconds from SIGTERM to SIGKILL. `sweep`: when it has ended, what it started and left behind
    in its process group is killed.
    """

    name: str
    kind: str
    argv: tuple[str, ...]
    stage: Stage
    patience: float
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    runs_tasks: bool = False
    once: bool = False
    essential: bool = False
    awaited: bool = True
    sweep: bool = True

    @property
    def usable_at_once(self) -> bool:
        return self.ready is None and not (self.once or self.runs_tasks)

    def usable(self) -> bool:
        """Whether it can be used now, if it runs."""
        return not self.once and (self.ready is None or self.ready())


def everything(settings: Settings) -> list[Role]:
    """What `taskmaster up` runs besides workers. The database only if it is the embedded one."""
    database = [postgres(settings)] if settings.embedded else []
    return [*database, migrate(settings), coordinator(settings), edge(settings)]


def postgres(settings: Settings) -> Role:
    """The embedded server. It ends by a fast shutdown of its own, so nothing of it is killed."""
    path = socket_folder(settings.home) / ports.POSTGRES_SOCKET
    return Role(
        name="postgres",
        kind="postgres",
        argv=program("cluster.supervisor.postgres"),
        stage=Stage.DATABASE,
        patience=DATABASE_PATIENCE,
        ready=lambda: ports.accepts(str(path)),
        essential=True,
        # Its server outlives a killed role until it has shut down in order.
        sweep=False,
    )


def migrate(settings: Settings) -> Role:
    """Creates the database and brings its schema up to date, then ends."""
    # The embedded server takes connections a moment before it answers them; somebody else's is there or it is not.
    wait = ("--wait",) if settings.embedded else ()
    return Role(
        name="migrate",
        kind="migrate",
        argv=(*program("cluster.cli"), "migrate", *wait),
        # Others write to the same terminal: no spinner.
        env={"TERM": "dumb"},
        stage=Stage.SCHEMA,
        patience=SERVICE_PATIENCE,
        once=True,
        essential=True,
    )


def coordinator(settings: Settings) -> Role:
    where = ports.reachable(settings.coordinator)
    return Role(
        name="coordinator",
        kind="coordinator",
        argv=program("cluster.coordinator"),
        stage=Stage.COORDINATOR,
        patience=SERVICE_PATIENCE,
        ready=lambda: ports.accepts(where),
        essential=True,
    )


def edge(settings: Settings) -> Role:
    where = ports.reachable(settings.scheduler)
    return Role(
        name="edge",
        kind="edge",
        argv=program("cluster.edge"),
        stage=Stage.EDGE,
        patience=SERVICE_PATIENCE,
        ready=lambda: ports.accepts(where),
        essential=True,
        awaited=False,
    )


def worker(settings: Settings, number: int) -> Role:
    """worker-1, worker-2, …, or rack-1, rack-2, … of a supervisor whose WORKER_NAME is rack.

    A fixed WORKER_PORT is that of the first; the others count up from it.
    """
    port = settings.worker_port + number - 1 if settings.worker_port else 0
    name = f"{settings.worker_prefix}-{number}"
    return Role(
        name=name,
        kind="worker",
        argv=program("cluster.worker"),
        stage=Stage.WORKERS,
        patience=settings.drain_timeout + DRAIN_MARGIN,
        runs_tasks=True,
        env={"WORKER_NAME": name, "WORKER_PORT": str(port), "WORKER_ADDRESS": settings.worker_host},
    )


def program(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module)
