"""A signal to a container on another machine of a swarm: a job there, which is a task like the supervisor's own."""

import time
from collections.abc import Mapping
from typing import Any

from docker import APIClient
from docker.types import ServiceMode

from cluster.core.errors import EngineUnavailable
from cluster.supervisor.runtimes.containers.daemon import asking, own_labels

SERVICE, STACK = "com.docker.swarm.service.id", "com.docker.stack.namespace"
PROGRAM = ["python", "-m", "cluster.supervisor.runtimes.containers.errand"]
PATIENCE = 30.0
"""Seconds for the other machine to start a container. It may have to pull the image, which is the workers' own."""
LOOK_INTERVAL = 0.2
OVER = {"complete", "failed", "rejected", "shutdown", "orphaned", "remove"}


def run_errand(daemon: APIClient, node: str, container_id: str, signal: str = "SIGKILL") -> None:
    """Send a signal to a container on `node`. Raises EngineUnavailable when that was not done."""
    with asking():
        own = own_labels(daemon)
        if SERVICE not in own:
            raise EngineUnavailable(
                f"that worker runs on the node {node}; only a supervisor that is a service of the swarm gets there"
            )
        template = daemon.inspect_service(own[SERVICE])["Spec"]["TaskTemplate"]
        job = daemon.create_service(
            errand(template, node, container_id, signal),
            name=f"errand-{container_id[:12]}-{time.monotonic_ns()}",
            # So that removing the stack removes one that was left behind.
            labels={STACK: own.get(STACK, "")},
            mode=ServiceMode("replicated-job", replicas=1),
        )
        try:
            _wait(daemon, job["ID"], node)
        finally:
            daemon.remove_service(job["ID"])


def errand(template: Mapping[str, Any], node: str, container_id: str, signal: str) -> dict[str, Any]:
    """A task on `node` with the image, the user and the mounted socket of `template`, and another program. Pure."""
    container = {**template["ContainerSpec"], "Command": PROGRAM, "Args": [container_id, signal]}
    container.pop("Healthcheck", None)
    return {
        "ContainerSpec": container,
        "Placement": {"Constraints": [f"node.id == {node}"]},
        "RestartPolicy": {"Condition": "none"},
        "Resources": template.get("Resources", {}),
    }


def _wait(daemon: APIClient, job: str, node: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for task in daemon.tasks(filters={"service": job}):
            status = task["Status"]
            if status["State"] == "complete":
                return
            if status["State"] in OVER:
                raise EngineUnavailable(f"the node {node} did not kill it: {status.get('Err') or status['State']}")
        time.sleep(LOOK_INTERVAL)
    raise EngineUnavailable(f"the node {node} did not kill it within {PATIENCE:.0f} s")
