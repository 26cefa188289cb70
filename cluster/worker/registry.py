"""Which functions are tasks: `@task` and the registry it writes to."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cluster.core.errors import InvalidHandler
from cluster.core.limits import ATTEMPTS_MAX, COMMAND_CHARACTERS, TIMEOUT_SECONDS_MAX
from cluster.core.retry import Backoff
from cluster.worker.context import Context

Function = TypeVar("Function", bound=Callable[..., Any])

_BY_NAME = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


@dataclass(frozen=True, slots=True)
class Handler:
    """A function and its policies; None = the default of the cluster. `timeout`: seconds.

    `asynchronous`: `async def`, run on the task loop; otherwise run in a child process.
    """

    command: str
    function: Callable[..., Any]
    timeout: float | None = None
    max_attempts: int | None = None
    backoff: Backoff | None = None

    def __post_init__(self) -> None:
        """Raises InvalidHandler, whose message says what to change."""
        _check_command(self.command)
        _check_policy(self.command, "timeout", self.timeout, (0.001, TIMEOUT_SECONDS_MAX), (int, float))
        _check_policy(self.command, "max_attempts", self.max_attempts, (1, ATTEMPTS_MAX), (int,))
        if self.backoff is not None and not isinstance(self.backoff, Backoff):
            raise InvalidHandler(f"task {self.command!r}: backoff must be a Backoff(…); it is {self.backoff!r}")
        _check_function(self.command, self.function)

    @property
    def asynchronous(self) -> bool:
        return inspect.iscoroutinefunction(self.function)

    @property
    def wants_context(self) -> bool:
        """Whether the first parameter is the Context: by annotation, or by being called `ctx`."""
        first = next(iter(inspect.signature(self.function).parameters.values()), None)
        if first is None:
            return False
        return first.name == "ctx" or first.annotation in (Context, "Context", "cluster.Context")

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """The parameters that a payload fills: all but the Context."""
        return list(inspect.signature(self.function).parameters.values())[int(self.wants_context) :]


class Registry(Mapping[str, Handler]):
    """Handlers by command. State: what was added so far; nothing is ever replaced or removed."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def __repr__(self) -> str:
        return f"<Registry {', '.join(sorted(self._handlers)) or 'empty'}>"

    def __getitem__(self, command: str) -> Handler:
        return self._handlers[command]

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)

    def add(self, handler: Handler) -> None:
        """Raises InvalidHandler when the command is taken, naming both functions."""
        first = self._handlers.setdefault(handler.command, handler)
        if first is not handler:
            raise InvalidHandler(
                f"the command {handler.command!r} is registered twice: by {_place(first)} and by {_place(handler)}"
            )


registered = Registry()
"""What `@task` found in this process."""


def task(
    command: str, *, timeout: float | None = None, max_attempts: int | None = None, backoff: Backoff | None = None
) -> Callable[[Function], Function]:
    """Register a function under `command`; the function itself stays as it is and can be called directly.

    `timeout`: seconds until a run is cancelled (async) or its process killed (sync). `backoff`: how long to wait after
    each failed attempt. Raises InvalidHandler at import when the command is taken or a policy is out of bounds.
    """
    if callable(command):
        raise InvalidHandler(f'write @task("a-name") above {_name(command)}: a task needs a name')

    def register(function: Function) -> Function:
        registered.add(Handler(command, function, timeout, max_attempts, backoff))
        return function

    return register


def _check_command(command: object) -> None:
    if not isinstance(command, str) or not 1 <= len(command) <= COMMAND_CHARACTERS or not command.isprintable():
        raise InvalidHandler(f"a command must be 1 to {COMMAND_CHARACTERS} printable characters; {command!r} is not")


def _check_policy(
    command: str, name: str, value: float | None, bounds: tuple[float, float], kinds: tuple[type, ...]
) -> None:
    if value is None:
        return
    least, most = bounds
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
        kind = "a number" if float in kinds else "a whole number"
        raise InvalidHandler(f"task {command!r}: {name} must be {kind} from {least} to {most}; it is {value!r}")


def _check_function(command: str, function: object) -> None:
    if not callable(function):
        raise InvalidHandler(f"task {command!r} is not a function but {function!r}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidHandler(f"task {command!r}: {_name(function)} is a generator; a task returns its result")
    for position, parameter in enumerate(inspect.signature(function).parameters.values()):
        is_context = position == 0 and (parameter.name == "ctx" or parameter.annotation in (Context, "Context"))
        if parameter.kind not in _BY_NAME and not is_context:
            raise InvalidHandler(
                f"task {command!r}: the payload fills parameters by name; {parameter} cannot be given by name"
            )


def _place(handler: Handler) -> str:
    code = getattr(handler.function, "__code__", None)
    where = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"{handler.function.__module__}.{_name(handler.function)}{where}"


def _name(function: object) -> str:
    return str(getattr(function, "__qualname__", function))
