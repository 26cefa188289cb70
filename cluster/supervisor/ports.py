"""Who listens where: asked before anything is started, and to learn that something has."""

import errno
import socket
from contextlib import ExitStack

from cluster.core.errors import CannotStart
from cluster.runtime.paths import socket_folder
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address

POSTGRES_SOCKET = ".s.PGSQL.5432"
PROBE_SECONDS = 0.2
"""Connecting on one machine takes microseconds; more only when a backlog is full, and then nobody is ready."""

Where = Address | str
"""A TCP address, or the path of a unix socket."""


def accepts(where: Where) -> bool:
    """Whether somebody takes connections there now."""
    try:
        if isinstance(where, str):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(PROBE_SECONDS)
                probe.connect(where)
        else:
            socket.create_connection((where.host, where.port), PROBE_SECONDS).close()
    except (OSError, UnicodeError):
        return False
    return True


def reachable(listening: Address) -> Address:
    """Where to dial what listens on `listening` from this machine."""
    return Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening.host, listening.host), listening.port)  # noqa: S104


def check(settings: Settings) -> None:
    """Raises CannotStart when another TaskMaster runs on the same home, or a port of ours is taken."""
    if settings.embedded and accepts(str(socket_folder(settings.home) / POSTGRES_SOCKET)):
        raise CannotStart(
            f"TaskMaster already runs with its data in {settings.home}: stop that one, or set TASKMASTER_HOME"
        )
    with ExitStack() as held:
        # Held together, so that two roles on one port are noticed too.
        for variable, address in (("SCHEDULER_PORT", settings.scheduler), ("COORDINATOR_PORT", settings.coordinator)):
            held.enter_context(_bound(variable, address))


def _bound(variable: str, address: Address) -> socket.socket:
    if address.port == 0:
        raise CannotStart(f"{variable} must be a fixed port when everything is started together")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        probe = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise CannotStart(f"{variable}: {address.host} is not an address of this machine: {error}") from error
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(where)
        probe.listen(1)
    except OSError as error:
        probe.close()
        raise CannotStart(_why(variable, address, error)) from error
    return probe


def _why(variable: str, address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {address.port} is in use: stop what listens there, or set {variable} to another one"
    return f"{variable}: cannot listen on {address}: {error.strerror}"
