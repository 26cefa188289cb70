"""A Docker engine: how it is reached (DOCKER_HOST and its like), what it says of containers, its errors as ours."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import docker
from docker import APIClient
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from cluster.core.errors import CannotStart, EngineUnavailable

REQUEST_SECONDS = 15.0
"""For one answer. To kill takes the engine up to ten, for it waits for the end."""
SHORT_ID = 12
"""Characters of its id that are a container's host name when it is given no other."""

Inspected = Mapping[str, Any]
"""What the Engine API says of one container (GET /containers/{id}/json)."""


@contextmanager
def opening() -> Iterator[APIClient]:
    """A connection to the engine, closed if the block fails. Raises CannotStart when no engine answers."""
    try:
        daemon = docker.from_env(timeout=int(REQUEST_SECONDS)).api
    except (DockerException, RequestException) as error:
        raise CannotStart(
            f"no container engine answers ({error}): mount its socket into this container, let this user open it, "
            "or set DOCKER_HOST"
        ) from error
    with ExitStack() as undo:
        undo.callback(daemon.close)
        yield daemon
        undo.pop_all()


@contextmanager
def asking() -> Iterator[None]:
    """Within it, errors of the engine or of the way there are EngineUnavailable."""
    try:
        yield
    except APIError as error:
        raise EngineUnavailable(f"the container engine refused: {error.explanation or error}") from error
    except (DockerException, RequestException) as error:
        raise EngineUnavailable(f"the container engine does not answer: {error}") from error


def slay(daemon: APIClient, container_id: str, signal: str = "SIGKILL") -> None:
    """Send it a signal. Nothing happens to one that is gone or does not run: that is what was wanted."""
    with asking():
        try:
            daemon.kill(container_id, signal)
        except APIError as error:
            if error.status_code not in {404, 409}:
                raise


def own_label(daemon: APIClient, label: str) -> str:
    """A label of the container in which this process runs. Raises CannotStart when it runs in none that has it."""
    value = own_labels(daemon).get(label)
    if not value:
        raise CannotStart(f"SUPERVISOR_PROJECT must be set: this process is in no container labelled {label}")
    return value


def own_labels(daemon: APIClient) -> Mapping[str, str]:
    """Of the container in which this process runs; none if it runs in none of this engine."""
    try:
        return daemon.inspect_container(socket.gethostname())["Config"]["Labels"] or {}
    except (DockerException, RequestException):
        return {}


def names_of(container_id: str, config: Mapping[str, Any]) -> tuple[str, str]:
    """Name and host of the worker in a container: WORKER_NAME of its environment if it has one, else its host name."""
    host = config.get("Hostname") or container_id[:SHORT_ID]
    environment = dict(entry.partition("=")[::2] for entry in config.get("Env") or ())
    return environment.get("WORKER_NAME", "").strip() or host, host
