"""The stack of deploy/swarm.yml on a swarm of one node, scaled by the same request as everywhere."""

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator

import docker
import pytest

from cluster.client import Client, Worker, new_task
from cluster.core.errors import TaskMasterError
from tests.acceptance.processes import free_ports
from tests.containers.engine import CHECKOUT, POSTGRES_IMAGE
from tests.fixtures.eventually import eventually

FILES = ("-f", "docker-compose.yml", "-f", "deploy/swarm.yml")
LABEL = "taskmaster.postgres"
PASSWORD = "postgres_password"


def run(*command: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
    done = subprocess.run(command, cwd=CHECKOUT, input=stdin, env=env, capture_output=True, check=False)
    assert done.returncode == 0, (command, done.stderr.decode())
    return done.stdout


@pytest.fixture
def node(engine: docker.DockerClient) -> Iterator[None]:
    """This engine as a swarm of its own, with the password, and none again after the test."""
    if engine.info()["Swarm"]["LocalNodeState"] != "inactive":
        pytest.skip("this engine belongs to a swarm already")
    engine.swarm.init(advertise_addr="127.0.0.1")
    [this] = engine.nodes.list()
    this.update({**this.attrs["Spec"], "Labels": {LABEL: "true"}})
    engine.secrets.create(name=PASSWORD, data=secrets.token_urlsafe(24).encode())
    yield
    engine.swarm.leave(force=True)


@pytest.fixture
def stack(engine: docker.DockerClient, node: None, image: str) -> Iterator[Client]:
    """A client of the deployed stack."""
    name, [port] = f"taskmaster-test-{secrets.token_hex(3)}", free_ports(1)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TASKMASTER_IMAGE": image, "POSTGRES_IMAGE": POSTGRES_IMAGE}
    # Of the host, for there are kernels without what a swarm's own balancer needs.
    env |= {"EDGE_PORT": str(port), "EDGE_PORT_MODE": "host", "WORKERS": "2", "HEARTBEAT_INTERVAL": "1"}
    project = run("docker", "compose", *FILES, "config", "--format", "json", env=env)
    told = run(sys.executable, "tools/stack.py", stdin=project)
    run("docker", "stack", "deploy", "--resolve-image", "never", "-c", "-", name, stdin=told, env=env)
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        run("docker", "stack", "rm", name)
        labels = {"label": f"com.docker.stack.namespace={name}"}
        asyncio.run(
            eventually(lambda: not engine.containers.list(all=True, filters=labels, ignore_removed=True), 60, 0.5)
        )
        for volume in engine.volumes.list(filters=labels):
            volume.remove(force=True)


def online(client: Client) -> list[Worker]:
    try:
        return [worker for worker in client.workers() if worker.status == "online"]
    except TaskMasterError:
        return []


@pytest.mark.timeout(240)
async def test_a_stack_is_deployed_scaled_and_loses_nothing_to_a_kill_or_a_drain(stack: Client) -> None:
    await eventually(lambda: len(online(stack)) == 2, timeout=80, pause=0.5)
    assert {task.status for task in stack.wait(stack.schedule_many(new_task("noop") for _ in range(200)))} == {
        "COMPLETE"
    }

    first = {one.worker_id for one in online(stack)}
    stack.scale(5)
    await eventually(lambda: len(online(stack)) == 5, timeout=60, pause=0.5)
    assert first < {one.worker_id for one in online(stack)}, "a change of the number starts nobody again"
    task_ids = stack.schedule_many(new_task("demo-job") for _ in range(25))
    doomed = await eventually(lambda: next((one for one in online(stack) if one.running), None), timeout=30)
    stack.kill(doomed.name)
    assert {task.status for task in stack.wait(task_ids)} == {"COMPLETE"}
    assert doomed.worker_id not in {one.worker_id for one in online(stack)}

    await eventually(lambda: len(online(stack)) == 5, timeout=60, pause=0.5)
    task_ids = stack.schedule_many(new_task("demo-job") for _ in range(25))
    leaving = await eventually(lambda: next((one for one in online(stack) if one.running), None), timeout=30)
    stack.drain(leaving.name)
    await eventually(lambda: leaving.worker_id not in {one.worker_id for one in online(stack)})
    # Again: to be told twice would end what it runs.
    stack.drain(leaving.name)
    assert {(task.status, task.attempt) for task in stack.wait(task_ids)} == {("COMPLETE", 1)}
    await eventually(lambda: len(online(stack)) == 5, timeout=60, pause=0.5)
    assert leaving.worker_id not in {one.worker_id for one in stack.workers()}

    stack.scale(1)
    await eventually(lambda: len(online(stack)) == 1, timeout=60, pause=0.5)
