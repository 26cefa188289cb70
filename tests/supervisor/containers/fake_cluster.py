"""As much of the Kubernetes API as the runtime asks; answers have the shape of a real cluster's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SCALE = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
PODS = "/api/v1/namespaces/{namespace}/pods"
LABELS = {"app": "worker"}

Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class FakeCluster:
    """State: the pods by name, the replicas that are wanted, every right that was used, and the next refusal.

    `patient`: what is deleted with its grace takes all of it.
    """

    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    replicas: int = 3
    used: set[tuple[str, str, str]] = field(default_factory=set)
    deleted: list[tuple[str, str | None]] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    patient: bool = False

    def pod(self, name: str, *, state: dict[str, Any] | None = None, restarts: int = 0, **more: Any) -> dict[str, Any]:
        """A pod as the API tells it; `state` of its container: running unless told otherwise."""
        status = {
            "name": "worker",
            "image": "taskmaster",
            "imageID": "",
            "ready": True,
            "restartCount": restarts,
            "state": state or {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            "lastState": more.pop("last", {}),
        }
        self.pods[name] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "uid": f"uid-{name}", "labels": LABELS, **more.pop("metadata", {})},
            "spec": {"containers": [{"name": "worker", "env": more.pop("env", [])}], "nodeName": "n1", **more},
            "status": {"phase": "Running", "containerStatuses": [status]},
        }
        return self.pods[name]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(SCALE, self._answered("get", "apps", "deployments/scale", self._scale), methods=["GET"]),
                Route(SCALE, self._answered("patch", "apps", "deployments/scale", self._patch), methods=["PATCH"]),
                Route(PODS, self._answered("list", "", "pods", self._list), methods=["GET"]),
                Route(PODS + "/{name}", self._answered("delete", "", "pods", self._delete), methods=["DELETE"]),
            ]
        )

    def _answered(self, verb: str, group: str, resource: str, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            if self.refusal is not None:
                return _failure(*self.refusal)
            self.used.add((verb, group, resource))
            return await answer(request)

        return answered

    async def _scale(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name != "worker":
            return _failure(404, f'deployments.apps "{name}" not found')
        selector = ",".join(f"{label}={value}" for label, value in LABELS.items())
        metadata = {"name": name, "namespace": request.path_params["namespace"]}
        scale = {"metadata": metadata, "spec": {"replicas": self.replicas}}
        return JSONResponse(
            {
                "apiVersion": "autoscaling/v1",
                "kind": "Scale",
                **scale,
                "status": {"replicas": len(self.pods), "selector": selector},
            }
        )

    async def _patch(self, request: Request) -> Response:
        assert request.headers["content-type"] in {
            "application/strategic-merge-patch+json",
            "application/merge-patch+json",
        }
        change = await request.json()
        assert change.keys() == {"spec"}
        self.replicas = change["spec"]["replicas"]
        return await self._scale(request)

    async def _list(self, request: Request) -> Response:
        wanted = dict(part.split("=") for part in request.query_params["labelSelector"].split(","))
        found = [pod for pod in self.pods.values() if pod["metadata"]["labels"].items() >= wanted.items()]
        return JSONResponse({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": found})

    async def _delete(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self.pods:
            return _failure(404, f'pods "{name}" not found')
        grace = request.query_params.get("gracePeriodSeconds")
        self.deleted.append((name, grace))
        if self.patient and grace is None:
            self.pods[name]["metadata"]["deletionTimestamp"] = "2026-01-01T00:01:00Z"
            return JSONResponse(self.pods[name])
        return JSONResponse(self.pods.pop(name))


def kubeconfig(folder: Path, server: str) -> Path:
    """What leads a client to `server`."""
    path = folder / "kubeconfig"
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "fake", "user": "nobody"}}],
        "clusters": [{"name": "fake", "cluster": {"server": server}}],
        "users": [{"name": "nobody", "user": {}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


def _failure(status: int, message: str) -> Response:
    return JSONResponse({"apiVersion": "v1", "kind": "Status", "status": "Failure", "message": message}, status)
