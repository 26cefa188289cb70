"""docker-compose.yml as a project of its own, on a port of its own, with short heartbeats."""

import asyncio
import secrets
import subprocess
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import docker
from docker.models.containers import Container
from testcontainers.compose import DockerCompose

from cluster.client import Client, Stats, Task, Worker, new_task
from cluster.core.errors import TaskMasterError
from tests.acceptance.processes import free_ports
from tests.containers.engine import CHECKOUT, POSTGRES_IMAGE
from tests.fixtures.eventually import eventually

FILES = ["docker-compose.yml", "tests/containers/tasks.yml"]
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
START_SECONDS = 60


class Stack:
    """State: nothing but what the engine knows. `variables` are those of docker-compose.yml."""

    def __init__(
        self, engine: docker.DockerClient, image: str, folder: Path, *more_files: str, **variables: str
    ) -> None:
        self.engine = engine
        self.project = f"taskmaster-test-{secrets.token_hex(3)}"
        [port] = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.client = Client(self.url, timeout=10)
        self.variables = {
            "COMPOSE_PROJECT_NAME": self.project,
            "TASKMASTER_IMAGE": image,
            "POSTGRES_IMAGE": POSTGRES_IMAGE,
            "EDGE_PUBLISHED": f"127.0.0.1:{port}",
            "WORKERS": "3",
            "HEARTBEAT_INTERVAL": "1",
            "TASKMASTER_TASKS": "counted_tasks",
            **variables,
        }
        env = folder / "compose.env"
        env.write_text("".join(f"{name}={value}\n" for name, value in self.variables.items()))
        self.compose = DockerCompose(CHECKOUT, compose_file_name=[*FILES, *more_files], env_file=str(env), wait=False)

    def __repr__(self) -> str:
        return f"<Stack {self.project} {self.url}>"

    async def up(self) -> None:
        """As `docker compose up -d`; returns when the edge answers and exactly WORKERS workers are online."""
        await asyncio.to_thread(self.compose.start)
        await self.online(int(self.variables["WORKERS"]))

    def down(self) -> None:
        """As `docker compose down --volumes`."""
        self.client.close()
        # First, for a `down` fails that finds a container gone which the supervisor has just taken away.
        self.run("stop", "supervisor")
        self.compose.stop()

    def left(self) -> list[str]:
        """Containers, networks and volumes of this project, whoever made them."""
        mine = {"label": f"{PROJECT}={self.project}"}
        containers = self.engine.containers.list(all=True, filters=mine, ignore_removed=True)
        networks, volumes = self.engine.networks.list(filters=mine), self.engine.volumes.list(filters=mine)
        return [each.name for each in (*containers, *networks, *volumes)]

    def run(self, *arguments: str) -> str:
        """What `docker compose ARGUMENTS` prints."""
        command = [*self.compose.docker_compose_command(), *arguments]
        return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout

    # ------------------------------------------------------------ containers

    def containers(self, service: str) -> list[Container]:
        """Those of a service, also the ones that do not run."""
        labels = [f"{PROJECT}={self.project}", f"{SERVICE}={service}"]
        return list(self.engine.containers.list(all=True, filters={"label": labels}, ignore_removed=True))

    def leaving(self) -> list[str]:
        """The names of workers that drain, or have, and that the supervisor is about to take away."""
        return [each.name for each in self.containers("worker") if ".leaving." in each.name]

    def supervised(self) -> bool:
        """Whether a supervisor runs."""
        return any(each.status == "running" for each in self.containers("supervisor"))

    def container(self, worker: str) -> Container:
        """The one that the worker of this id or name runs in: its name is the container's short id."""
        return self.engine.containers.get(worker.partition("-")[0])

    # ------------------------------------------------------------ the cluster

    def workers(self) -> list[Worker]:
        """Those online; none while the edge does not answer."""
        try:
            return [worker for worker in self.client.workers() if worker.status == "online"]
        except TaskMasterError:
            return []

    def draining(self) -> set[str]:
        """The ids of the workers that finish what they run and take no more."""
        return {worker.worker_id for worker in self.client.workers() if worker.status == "draining"}

    async def online(self, count: int, timeout: float = START_SECONDS) -> list[Worker]:
        """These workers, once there are exactly so many."""
        return await eventually(lambda: workers if len(workers := self.workers()) == count else [], timeout, 0.2)

    def stats(self) -> Stats:
        return self.client.stats()

    def enqueue(self, count: int, seconds: float) -> list[UUID]:
        """New tasks that take so long."""
        return self.client.schedule_many(new_task("counted", {"seconds": seconds}) for _ in range(count))

    async def held_by_one(self, running: int) -> list[Task]:
        """The tasks that one worker runs, once so many run in all."""
        every = await eventually(lambda: self._started(running), START_SECONDS, 0.1)
        return [task for task in every if task.worker_id == every[0].worker_id]

    def _started(self, count: int) -> list[Task]:
        tasks = list(self.client.tasks(status="STARTED"))
        return tasks if len(tasks) == count else []

    async def finished(self, task_ids: Iterable[UUID | str], timeout: float = 60) -> list[Task]:
        """These tasks, with their attempts where they are few, once each of them has come to its end."""
        wanted = list(task_ids)
        tasks = await asyncio.wait_for(asyncio.to_thread(self.client.wait, wanted), timeout)
        return [self.client.status(task.task_id) for task in tasks] if len(tasks) <= 50 else tasks
