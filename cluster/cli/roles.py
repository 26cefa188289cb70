"""Commands that become a role: this process is replaced by the role's program, with the options in its environment."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from cluster.core.limits import WORKERS_MAX

Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=WORKERS_MAX, help="Worker processes to begin with. [WORKERS, 3]")
]
Slots = Annotated[
    int | None, typer.Option("--slots", min=1, max=1000, help="Tasks at once in one worker. [WORKER_POOL_SIZE, 5]")
]
Tasks = Annotated[
    str | None,
    typer.Option("--tasks", metavar="MODULES", help="Modules that register tasks, with commas. [TASKMASTER_TASKS]"),
]
Name = Annotated[str | None, typer.Option("--name", help="What people call this worker. [WORKER_NAME]")]
Port = Annotated[
    str | None, typer.Option("--port", help="Where to listen: :PORT or HOST:PORT. [SCHEDULER_PORT, :8081]")
]
GrpcPort = Annotated[
    str | None, typer.Option("--port", help="Where to listen: :PORT or HOST:PORT. [COORDINATOR_PORT, :8080]")
]


def up(workers: Workers = None, slots: Slots = None, tasks: Tasks = None, port: Port = None) -> None:
    """Run the whole cluster on this machine: PostgreSQL, coordinator, edge and workers under one supervisor.

    PostgreSQL is the embedded one, unless DATABASE_URL or POSTGRES_HOST
    is set; its data stay in a folder of yours (TASKMASTER_HOME moves it).
    Ctrl-C drains and stops everything, a second Ctrl-C stops at once.

    \b
    taskmaster up
    taskmaster up --workers 8 --tasks my_tasks
    DATABASE_URL=postgresql://me@db/scheduler taskmaster up
    """
    become(
        "cluster.supervisor",
        "--all",
        WORKERS=workers,
        WORKER_POOL_SIZE=slots,
        TASKMASTER_TASKS=tasks,
        SCHEDULER_PORT=port,
    )


def edge(port: Port = None) -> None:
    """Run the edge alone: HTTP API, event stream and dashboard."""
    become("cluster.edge", SCHEDULER_PORT=port)


def coordinator(port: GrpcPort = None) -> None:
    """Run a coordinator alone: it leases tasks to workers and writes what they report."""
    become("cluster.coordinator", COORDINATOR_PORT=port)


def worker(name: Name = None, slots: Slots = None, tasks: Tasks = None) -> None:
    """Run one worker: it finds its coordinator at COORDINATOR_ADDRESS and runs what it is given.

    Modules named by --tasks are imported from the present folder or from what is installed.

    \b
    taskmaster worker --tasks my_tasks
    taskmaster worker --name gpu-1 --slots 1 --tasks my_tasks,more_tasks
    """
    become("cluster.worker", WORKER_NAME=name, WORKER_POOL_SIZE=slots, TASKMASTER_TASKS=tasks)


def supervisor(workers: Workers = None, slots: Slots = None, tasks: Tasks = None) -> None:
    """Run a supervisor of workers alone: it starts them, restarts what dies, scales and kills on request.

    With SUPERVISOR_RUNTIME=compose, swarm or kubernetes the workers are
    containers, which the engine there starts: it only scales and kills.
    """
    become("cluster.supervisor", WORKERS=workers, WORKER_POOL_SIZE=slots, TASKMASTER_TASKS=tasks)


def postgres() -> None:
    """Run the embedded PostgreSQL alone, on a unix socket in TASKMASTER_HOME."""
    become("cluster.supervisor.postgres")


def become(module: str, *arguments: str, **variables: object) -> NoReturn:
    """Replace this process by `python -m module`; variables that are not None override the environment.

    Same pid, so signals and the bond to a parent reach the role itself; and a worker carries nothing of the CLI.
    """
    os.environ.update({name: str(value) for name, value in variables.items() if value is not None})
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own module, no shell
