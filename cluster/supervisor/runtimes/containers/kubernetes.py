"""A Deployment: its controller keeps the pods running, we say how many and delete one.

Needs no more than `get` and `patch` on the scale of that Deployment, `list` and `delete` on pods (deploy/kubernetes).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from cluster.core.errors import CannotStart, EngineUnavailable
from cluster.supervisor.runtimes.containers.ends import exit_code
from cluster.supervisor.runtimes.containers.engine import Unit
from cluster.supervisor.runtimes.placement import Placement

REQUEST_SECONDS = 15.0
OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
ENDED = {"Succeeded", "Failed"}

Pod = Any
"""`V1Pod` of the client, which has no types."""


def connect(placement: Placement) -> "Kubernetes":
    """Raises CannotStart when there is no cluster to speak to, or the Deployment's scale may not be read."""
    api = client.ApiClient(_configuration())
    namespace = placement.namespace or _own_namespace()
    try:
        with asking():
            scale = client.AppsV1Api(api).read_namespaced_deployment_scale(
                placement.service, namespace, _request_timeout=REQUEST_SECONDS
            )
    except EngineUnavailable as error:
        raise CannotStart(f"deployment {placement.service} in namespace {namespace}: {error.detail}") from error
    return Kubernetes(api, namespace, placement.service, scale.status.selector)


class Kubernetes:
    """An `Engine`. State: none."""

    replaces = True

    def __init__(self, api: Any, namespace: str, deployment: str, selector: str) -> None:
        """`selector`: which pods are those of `deployment`; it never changes."""
        self._api = api
        self._apps, self._core = client.AppsV1Api(api), client.CoreV1Api(api)
        self._namespace, self._deployment = namespace, deployment
        self._selector = selector

    def __repr__(self) -> str:
        return f"<Kubernetes {self._namespace}/{self._deployment}>"

    def look(self) -> list[Unit]:
        with asking():
            # Version 0: what the API server has at hand, without asking its database.
            pods = self._core.list_namespaced_pod(
                self._namespace,
                label_selector=self._selector,
                resource_version="0",
                _request_timeout=REQUEST_SECONDS,
            )
        return [_unit(pod) for pod in pods.items]

    def scale(self, count: int) -> bool:
        with asking():
            self._apps.patch_namespaced_deployment_scale(
                self._deployment, self._namespace, {"spec": {"replicas": count}}, _request_timeout=REQUEST_SECONDS
            )
        return True

    def kill(self, unit: Unit) -> None:
        """Without grace: the pod is gone from the API at once, and from its machine within two seconds."""
        try:
            with asking():
                self._core.delete_namespaced_pod(
                    unit.key, self._namespace, grace_period_seconds=0, _request_timeout=REQUEST_SECONDS
                )
        except Gone:
            return

    def drain(self, unit: Unit) -> None:
        """With the grace of its pod: SIGTERM, and SIGKILL when that is over."""
        try:
            with asking():
                self._core.delete_namespaced_pod(unit.key, self._namespace, _request_timeout=REQUEST_SECONDS)
        except Gone:
            return

    def clear(self, unit: Unit) -> None:
        """The Deployment's controller does that."""

    def close(self) -> None:
        self._api.close()

    def replace(self, unit: Unit) -> None:
        """The Deployment's controller does that."""


class Gone(EngineUnavailable):
    """The cluster has no such thing (any more)."""


@contextmanager
def asking() -> Iterator[None]:
    """Within it, errors of the cluster or of the way there are EngineUnavailable."""
    try:
        yield
    except ApiException as error:
        kind = Gone if error.status == 404 else EngineUnavailable
        raise kind(f"Kubernetes refused: {_message(error)}") from error
    except HTTPError as error:
        raise EngineUnavailable(f"the Kubernetes API does not answer: {error}") from error


def _configuration() -> Any:
    found = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=found)
    except ConfigException:
        try:
            config.load_kube_config(client_configuration=found)
        except ConfigException as error:
            raise CannotStart(f"neither a service account nor KUBECONFIG leads to a cluster: {error}") from error
    # A step that failed is repeated as a whole.
    found.retries = False
    return found


def _own_namespace() -> str:
    return OWN_NAMESPACE.read_text().strip() if OWN_NAMESPACE.exists() else "default"


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"


def _unit(pod: Pod) -> Unit:
    name, worker = pod.metadata.name, pod.spec.containers[0]
    given = next((entry.value for entry in worker.env or () if entry.name == "WORKER_NAME"), None)
    host = pod.spec.hostname or name
    status = next((each for each in pod.status.container_statuses or () if each.name == worker.name), None)
    restarts = status.restart_count if status else 0
    return Unit(
        key=name,
        name=given or host,
        host=host,
        state=_state(pod, status),
        life=f"{pod.metadata.uid} {restarts}",
        restarts=restarts,
        code=_code(status),
        node=pod.spec.node_name or "",
    )


def _state(pod: Pod, status: Any) -> str:
    """As the wire calls it; empty for a pod that has ended or ends without ever having run."""
    runs = status is not None and status.state is not None and status.state.running is not None
    if pod.metadata.deletion_timestamp is not None:
        return "draining" if runs else ""
    if pod.status.phase in ENDED:
        return ""
    if runs:
        return "running"
    return "backing_off" if status is not None and status.restart_count else "starting"


def _code(status: Any) -> int | None:
    """Of the process that ended last."""
    for state in (status.state, status.last_state) if status else ():
        if state is not None and state.terminated is not None:
            return exit_code(state.terminated.exit_code)
    return None
