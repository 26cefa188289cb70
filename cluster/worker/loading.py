"""Load the modules that register tasks, and make their handlers ready."""

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from cluster.core.errors import CannotStart, InvalidHandler
from cluster.worker.invoke import Prepared
from cluster.worker.registry import Handler, registered


def load(modules: Iterable[str], builtin: Iterable[Handler] = ()) -> dict[str, Prepared]:
    """Import each module and return everything registered, by command. The current directory is importable.

    Raises CannotStart, in one line that names the module and what is wrong with it.
    """
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    for module in modules:
        _import(module)
    return prepare(builtin)


def prepare(builtin: Iterable[Handler] = ()) -> dict[str, Prepared]:
    """What `@task` found plus what is built in. Raises CannotStart when a handler cannot be used."""
    handlers = {handler.command: Prepared(handler) for handler in builtin}
    for command, handler in registered.items():
        if command in handlers:
            raise CannotStart(f"the command {command!r} is built in; give {handler.function.__module__}'s another name")
        try:
            handlers[command] = Prepared(handler)
        except InvalidHandler as error:
            raise CannotStart(f"{handler.function.__module__}: {error.detail}") from error
    return handlers


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise CannotStart(
                f"TASKMASTER_TASKS names {module!r}, and there is no such module in {Path.cwd()} or on the Python path"
            ) from error
        raise _broken(module, error) from error
    # Whatever a module does while it is imported, also sys.exit(), is told with its name.
    except (Exception, SystemExit) as error:
        raise _broken(module, error) from error


def _broken(module: str, error: BaseException) -> CannotStart:
    said = " ".join(str(error).split())
    return CannotStart(f"TASKMASTER_TASKS: importing {module!r} failed: {type(error).__name__}: {said}")
