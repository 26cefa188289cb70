"""How a role's program begins and ends: settings, logs, loop, and errors as one line with an exit code."""

import gc
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from cluster.core.errors import CannotStart, SchemaMismatch, SettingsError, TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.loop import run
from cluster.runtime.reasons import voice
from cluster.runtime.settings import Settings
from cluster.runtime.signals import die_with_parent

EXIT_FAILED = 1
EXIT_CANNOT_START = 78
"""EX_CONFIG: starting again without changing something is pointless; a supervisor gives up at once."""
EXIT_INTERRUPTED = 130
"""Ctrl-C before the program could listen for it."""

Main = Callable[[Settings], Coroutine[Any, Any, None]]


def program(role: str, main: Main, fields: Callable[[Settings], Mapping[str, str]] = lambda _settings: {}) -> int:
    """Run one role to its end and return the exit code of the process. Errors of ours are one line, see `reasons`.

    `fields` are on each of its log lines, to tell several processes of one role apart.
    """
    say = voice(role)
    try:
        die_with_parent()
        settings = Settings.from_env(os.environ)
        telemetry.configure(role, settings.log_format, **fields(settings))
        _spare_the_collector()
        run(main(settings))
    except (SettingsError, CannotStart, SchemaMismatch) as error:
        say(error.detail)
        return EXIT_CANNOT_START
    except TaskMasterError as error:
        say(error.detail)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


def _spare_the_collector() -> None:
    # Batches make thousands of short-lived objects without cycles, for which the collector's defaults make it walk
    # everything that was imported, again and again: 4 % of a busy coordinator.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
