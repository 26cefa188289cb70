"""`python -m cluster.cli.health`: whether the role of this container is well; the HEALTHCHECK of the image.

Each role is asked the way everybody asks it: the edge over HTTP, coordinator and worker by gRPC's health service. Which
one runs here, process 1 tells. Not a command of `taskmaster`, whose imports would cost more than the question, and it
is asked again and again.
"""

import asyncio
import http.client
import os
import sys
from http import HTTPStatus
from pathlib import Path

from cluster.core.errors import NotServing, SettingsError, TaskMasterError
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address
from cluster.wire.health import check_health

PATIENCE = 5.0
"""Seconds; less than the timeout of the HEALTHCHECK."""
LISTENING = ("edge", "coordinator", "worker")
_ANY = {"0.0.0.0", "::"}  # noqa: S104


def role_in(command_line: bytes) -> str:
    """The role that `/proc/PID/cmdline` runs; "" if it is none that listens."""
    words = command_line.decode(errors="replace").split("\0")
    return next((role for role in LISTENING if role in words or f"cluster.{role}" in words), "")


def check(role: str, settings: Settings) -> None:
    """Raises NotServing, or SettingsError where nobody can know the port."""
    if role == "edge":
        check_edge(_nearby(settings.scheduler))
    elif role == "coordinator":
        asyncio.run(check_health(str(_nearby(settings.coordinator)), PATIENCE))
    elif not settings.worker_port:
        raise SettingsError("WORKER_PORT must be a fixed port for the worker's health to be asked for")
    else:
        asyncio.run(check_health(f"127.0.0.1:{settings.worker_port}", PATIENCE))


def check_edge(address: Address) -> None:
    """Raises NotServing unless it says that it is alive."""
    asking = http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE)
    try:
        asking.request("GET", "/healthz")
        status = asking.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotServing(f"nothing answers at {address}: {error}") from error
    finally:
        asking.close()
    if status != HTTPStatus.OK:
        raise NotServing(f"what answers at {address} says {status}")


def _nearby(listening: Address) -> Address:
    """Where what listens there is reached from here."""
    return Address("127.0.0.1", listening.port) if listening.host in _ANY else listening


def run(command_line: bytes) -> int:
    """0 and silence, or 1 and a line that says why; nothing can be wrong with a role that does not listen."""
    role = role_in(command_line)
    try:
        if role:
            check(role, Settings.from_env(os.environ))
    except TaskMasterError as error:
        sys.stderr.write(f"{role}: {error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(Path("/proc/1/cmdline").read_bytes()))
