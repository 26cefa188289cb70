"""The Docker engine, and the image of this checkout."""

import os
import subprocess
from pathlib import Path
from typing import NoReturn

import docker
import pytest
from docker.errors import DockerException
from docker.models.containers import Container

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD_ARGUMENTS = ("BASE_IMAGE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18")


def connect() -> docker.DockerClient:
    """The engine of this machine. Without one the tests are skipped; on CI that is a failure."""
    try:
        engine = docker.from_env()
        engine.ping()
    except DockerException as error:
        give_up(f"no Docker engine answers ({error}); on Debian .ci/docker/engine installs and starts one")
    return engine


def provide(engine: docker.DockerClient, image: str) -> None:
    """The image is here, or is pulled. If it cannot be the test is skipped; on CI that is a failure."""
    if engine.images.list(image):
        return
    done = subprocess.run(["docker", "pull", "-q", image], capture_output=True, check=False)
    if done.returncode != 0:
        give_up(f"{image} is neither here nor can it be pulled: .ci/docker/images {image}")


def give_up(reason: str) -> NoReturn:
    """Skip the test; on CI, where everything is to be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def build(tag: str, context: Path = CHECKOUT, **arguments: str) -> None:
    """`docker build`, which knows BuildKit, as the engine's API for libraries does not."""
    lent = {name: value for name in BUILD_ARGUMENTS if (value := os.environ.get(name))}
    told = [word for pair in (lent | arguments).items() for word in ("--build-arg", "=".join(pair))]
    network = os.environ.get("BUILD_NETWORK", "default")
    command = ["docker", "build", "--network", network, "-t", tag, *told, str(context)]
    env = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def running(container: Container) -> bool:
    container.reload()
    return bool(container.status == "running")


def health(container: Container) -> str:
    """starting, healthy or unhealthy; "" where nobody asks."""
    container.reload()
    return str(container.attrs["State"].get("Health", {}).get("Status", ""))


def in_container(container: Container, program: str) -> tuple[int, str]:
    """The exit code of a Python program inside, and what it printed."""
    code, output = container.exec_run(["python", "-c", program])
    return int(code), output.decode(errors="replace")
