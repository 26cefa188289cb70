"""Where the workers run: SUPERVISOR_RUNTIME, and the names that the engine there knows them by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cluster.core.errors import SettingsError
from cluster.runtime.variables import Variables

RUNTIMES = ("processes", "compose", "swarm", "kubernetes")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What every engine takes as a name; none of them has blanks, slashes or a dash in front."""


@dataclass(frozen=True, slots=True)
class Placement:
    """`project`: a compose project or a swarm stack; `service`: in it, or a Deployment in `namespace`.

    An empty `project` or `namespace` is that of the container in which the supervisor itself runs. `patience`: seconds
    from SIGTERM to SIGKILL of a worker that drains, unless its container says otherwise.
    """

    runtime: str
    project: str
    service: str
    namespace: str
    patience: float

    @classmethod
    def from_env(cls, env: Mapping[str, str], patience: float) -> "Placement":
        """Raises SettingsError, whose message names the variable and says what it takes."""
        read = Variables(env)
        return cls(
            runtime=read.choice("SUPERVISOR_RUNTIME", "processes", RUNTIMES),
            project=_name(read, "SUPERVISOR_PROJECT", ""),
            service=_name(read, "SUPERVISOR_SERVICE", "worker"),
            namespace=_name(read, "SUPERVISOR_NAMESPACE", ""),
            patience=patience,
        )


def _name(read: Variables, variable: str, default: str) -> str:
    value = read.text(variable, default)
    if value and not NAME.fullmatch(value):
        raise SettingsError(f"{variable}={value!r} must be letters, digits, dots, dashes and underscores, at most 128")
    return value
