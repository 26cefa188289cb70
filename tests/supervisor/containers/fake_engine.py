"""As much of the Docker Engine API, version 1.41, as the runtimes ask; answers have the shape of a real engine's."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LABELS = "com.docker.compose."
NETWORK = "shop_default"


@dataclass
class FakeContainer:
    """State: what a test or the API made of it. `name`: the one it was made with; `renamed`: the one it has now."""

    id: str
    name: str
    config: dict[str, Any]
    host_config: dict[str, Any]
    networks: dict[str, dict[str, Any]]
    image: str = "sha256:" + "5" * 64
    status: str = "running"
    code: int = 0
    lives: int = 1
    restarts: int = 0
    renamed: str = ""

    def inspected(self) -> dict[str, Any]:
        runs = self.status in {"running", "paused"}
        state = {"Status": self.status, "Running": runs, "ExitCode": self.code, "StartedAt": f"life {self.lives}"}
        return {
            "Id": self.id,
            "Name": f"/{self.renamed or self.name}",
            "Image": self.image,
            "RestartCount": self.restarts,
            "State": state,
            "Config": self.config,
            "HostConfig": self.host_config,
            "NetworkSettings": {"Networks": self.networks},
        }

    def end(self, code: int) -> None:
        self.status, self.code = "exited", code

    def begin(self) -> None:
        if self.status != "running":
            self.status, self.code, self.lives = "running", 0, self.lives + 1


@dataclass
class FakeEngine:
    """State: containers by id, every call that changed something, what signals do, the next refusal, the swarm."""

    containers: dict[str, FakeContainer] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    stubborn: bool = False
    refusal: tuple[int, str] | None = None
    swarm: dict[str, Any] = field(default_factory=lambda: {"ControlAvailable": True, "NodeID": "here"})
    tasks: list[dict[str, Any]] = field(default_factory=list)
    service: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    end_of_job: dict[str, Any] = field(default_factory=lambda: {"State": "complete"})

    def worker(self, number: int, *, project: str = "shop", service: str = "worker", **config: Any) -> FakeContainer:
        """A container as compose makes it; `config` is of its Config."""
        container_id = f"{number:012x}" * 5 + "cafe"
        labels = {"project": project, "service": service, "container-number": str(number), "oneoff": "False"}
        short = container_id[:12]
        aliases = [f"{project}-{service}-{number}", service, short]
        container = FakeContainer(
            id=container_id,
            name=f"{project}-{service}-{number}",
            config={
                "Hostname": short,
                "Image": "taskmaster:latest",
                "Env": ["COORDINATOR_ADDRESS=coordinator:8080"],
                "Labels": {LABELS + name: value for name, value in labels.items()},
                **config,
            },
            host_config={"NetworkMode": NETWORK, "ReadonlyRootfs": True, "Memory": 2**28},
            networks={NETWORK: {"Aliases": aliases, "IPAddress": "172.20.0.9"}},
        )
        self.containers[container.id] = container
        return container

    def find(self, name: str) -> FakeContainer:
        """Raises KeyError."""
        found = [one for one in self.containers.values() if name in {one.id, one.id[:12], one.name}]
        return self.containers[found[0].id if found else name]

    def running(self) -> list[str]:
        return sorted(one.name for one in self.containers.values() if one.status == "running")

    def app(self) -> Starlette:
        routes: Mapping[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", "/version"): self._version,
            ("GET", "/info"): self._info,
            ("GET", "/containers/json"): self._list,
            ("POST", "/containers/create"): self._create,
            ("GET", "/containers/{id}/json"): self._inspect,
            ("POST", "/containers/{id}/start"): self._start,
            ("POST", "/containers/{id}/kill"): self._kill,
            ("POST", "/containers/{id}/rename"): self._rename,
            ("DELETE", "/containers/{id}"): self._remove,
            ("POST", "/networks/{id}/connect"): self._connect,
            ("GET", "/tasks"): self._tasks,
            ("GET", "/tasks/{id}"): self._task,
            ("POST", "/services/create"): self._create_job,
            ("DELETE", "/services/{id}"): self._remove_job,
            ("GET", "/services/{id}"): self._service,
            ("POST", "/services/{id}/update"): self._update,
        }
        return Starlette(
            routes=[
                Route(prefix + path, self._unless_refused(answer), methods=[method])
                for (method, path), answer in routes.items()
                for prefix in ("", "/v1.41")
            ]
        )

    def _unless_refused(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            if self.refusal is not None:
                status, message = self.refusal
                return JSONResponse({"message": message}, status)
            try:
                return await answer(request)
            except KeyError:
                return JSONResponse({"message": "No such container"}, 404)

        return answered

    async def _version(self, _request: Request) -> Response:
        return JSONResponse({"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24"})

    async def _info(self, _request: Request) -> Response:
        return JSONResponse({"Swarm": self.swarm})

    async def _list(self, request: Request) -> Response:
        wanted = json.loads(request.query_params["filters"])["label"]
        return JSONResponse(
            [
                {"Id": one.id, "Labels": one.config["Labels"]}
                for one in self.containers.values()
                if {f"{name}={value}" for name, value in one.config["Labels"].items()} >= set(wanted)
            ]
        )

    async def _inspect(self, request: Request) -> Response:
        return JSONResponse(self._named(request).inspected())

    async def _create(self, request: Request) -> Response:
        body, name = await request.json(), request.query_params["name"]
        if any(one.name == name for one in self.containers.values()):
            return JSONResponse({"message": f"the name {name} is in use"}, 409)
        host_config, networking = body.pop("HostConfig"), body.pop("NetworkingConfig")
        container_id = f"{len(self.calls) + 0xABC:012x}" * 5 + "beef"
        created = FakeContainer(
            container_id, name, {"Hostname": container_id[:12], **body}, host_config, networking["EndpointsConfig"]
        )
        created.status, created.lives = "created", 0
        self.containers[container_id] = created
        self.calls.append(f"create {name}")
        return JSONResponse({"Id": container_id, "Warnings": []}, 201)

    async def _connect(self, request: Request) -> Response:
        body = await request.json()
        self.find(body["Container"]).networks[request.path_params["id"]] = body["EndpointConfig"]
        return Response(status_code=200)

    async def _start(self, request: Request) -> Response:
        container = self._named(request)
        container.begin()
        self.calls.append(f"start {container.name}")
        return Response(status_code=204)

    async def _kill(self, request: Request) -> Response:
        container, signal = self._named(request), request.query_params["signal"]
        self.calls.append(f"{signal} {container.name}")
        if container.status != "running":
            return JSONResponse({"message": f"Container {container.id} is not running"}, 409)
        if signal == "SIGKILL":
            container.end(137)
        elif not self.stubborn:
            container.end(0)
        return Response(status_code=204)

    async def _rename(self, request: Request) -> Response:
        self._named(request).renamed = request.query_params["name"]
        return Response(status_code=204)

    async def _remove(self, request: Request) -> Response:
        container = self.containers.pop(self._named(request).id)
        self.calls.append(f"remove {container.name}")
        return Response(status_code=204)

    async def _tasks(self, request: Request) -> Response:
        [service] = json.loads(request.query_params["filters"])["service"]
        if service in self.jobs:
            return JSONResponse([{"ID": "j", "Status": self.end_of_job}])
        self.calls.append(f"tasks of {service}")
        return JSONResponse(self.tasks)

    async def _create_job(self, request: Request) -> Response:
        job = f"job{len(self.jobs)}"
        self.jobs[job] = await request.json()
        return JSONResponse({"ID": job}, 201)

    async def _remove_job(self, request: Request) -> Response:
        self.calls.append(f"remove {request.path_params['id']}")
        return Response(status_code=200)

    async def _task(self, request: Request) -> Response:
        return JSONResponse({task["ID"]: task for task in self.tasks}[request.path_params["id"]])

    async def _service(self, request: Request) -> Response:
        if request.path_params["id"] not in {self.service.get("ID"), self.service.get("Spec", {}).get("Name")}:
            return JSONResponse({"message": f"service {request.path_params['id']} not found"}, 404)
        return JSONResponse(self.service)

    async def _update(self, request: Request) -> Response:
        if int(request.query_params["version"]) != self.service["Version"]["Index"]:
            return JSONResponse({"message": "rpc error: code = Unknown desc = update out of sequence"}, 500)
        spec = await request.json()
        # The client writes it small; the engine, like all of Go, does not mind.
        spec["Mode"] = {mode.capitalize(): of for mode, of in spec["Mode"].items()}
        self.service["Spec"] = spec
        self.service["Version"] = {"Index": self.service["Version"]["Index"] + 1}
        return JSONResponse({"Warnings": None})

    def _named(self, request: Request) -> FakeContainer:
        return self.find(request.path_params["id"])
