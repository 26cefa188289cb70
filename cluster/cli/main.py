"""The app: every command in the order of its use, and errors as one line with an exit code."""

import os
import sys
from typing import Annotated

import typer

from cluster.cli import doctor, enqueue, logs, migrate, queues, roles, stats, steering, tasks, why, workers
from cluster.cli.bench.command import bench
from cluster.core.errors import CannotStart, SchemaMismatch, SettingsError, TaskMasterError
from cluster.core.version import __version__
from cluster.runtime.entry import EXIT_CANNOT_START, EXIT_FAILED, EXIT_INTERRUPTED
from cluster.runtime.reasons import voice
from cluster.runtime.signals import die_with_parent

app = typer.Typer(
    name="taskmaster",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A distributed task scheduler that needs nothing but PostgreSQL.",
    epilog="`taskmaster up` starts everything; `taskmaster COMMAND --help` explains a command.",
)

_PANELS = {
    "Run": (roles.up, roles.edge, roles.coordinator, roles.worker, roles.supervisor, roles.postgres, migrate.migrate),
    "Use": (enqueue.enqueue, tasks.tasks, why.why, why.commands, logs.logs, stats.stats),
    "Steer": (
        steering.cancel,
        steering.retry,
        queues.queues,
        queues.pause,
        queues.resume,
        workers.workers,
        workers.scale,
        workers.drain,
        workers.kill,
    ),
    "Check": (doctor.doctor, bench),
}
for panel, commands in _PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"taskmaster {__version__}")
        raise typer.Exit


@app.callback()
def _taskmaster(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A distributed task scheduler that needs nothing but PostgreSQL."""


def run() -> int:
    """Carry out the command line of this process and return its exit code."""
    die_with_parent()  # if it is a supervisor: it runs `migrate`
    try:
        app(prog_name="taskmaster")
    except SystemExit as end:
        return _flushed(end.code if isinstance(end.code, int) else EXIT_FAILED)
    except (SettingsError, CannotStart, SchemaMismatch) as error:
        return _failed(error, EXIT_CANNOT_START)
    except TaskMasterError as error:
        return _failed(error, EXIT_FAILED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return _flushed(0)


def _failed(error: TaskMasterError, code: int) -> int:
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    voice(command)(error.detail)
    return code


def _flushed(code: int) -> int:
    """The code, unless the reader of our stdout has gone: then quietly 1, and nothing is left for Python to flush."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return code
