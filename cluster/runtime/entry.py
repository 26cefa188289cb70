"""How a role's program begins and ends: settings, logs, loop, and errors as one line with an exit code."""

import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from cluster.core.errors import CannotStart, SchemaMismatch, SettingsError, TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.loop import run
from cluster.runtime.settings import Settings
from cluster.runtime.signals import die_with_parent

EXIT_FAILED = 1
EXIT_CANNOT_START = 78
"""EX_CONFIG: starting again without changing something is pointless; a supervisor gives up at once."""

Main = Callable[[Settings], Coroutine[Any, Any, None]]


def program(role: str, main: Main) -> int:
    """Run one role to its end; the process exits with what this returns. Errors of ours are one line on stderr."""
    try:
        die_with_parent()
        settings = Settings.from_env(os.environ)
        telemetry.configure(role, settings.log_format)
        run(main(settings))
    except (SettingsError, CannotStart, SchemaMismatch) as error:
        return _failed(role, error, EXIT_CANNOT_START)
    except TaskMasterError as error:
        return _failed(role, error, EXIT_FAILED)
    except KeyboardInterrupt:
        return 130
    return 0


def _failed(role: str, error: TaskMasterError, code: int) -> int:
    print(f"taskmaster {role}: {error.detail}", file=sys.stderr, flush=True)  # noqa: T201
    return code
