"""The compose file: what runs, who sees what, and that `up` is all it takes."""

import json
import subprocess

import httpx
import pytest

from tests.containers.engine import CHECKOUT, health, in_container
from tests.fixtures.eventually import eventually

ROLES = ("coordinator", "edge", "worker", "supervisor")
EVERY = (*ROLES, "postgres")
DIAL = "import socket; socket.create_connection(({!r}, {}), 2)"


def declared(*more_files, **variables):
    """What a reader of the files sees, with nothing else set."""
    files = [word for name in ("docker-compose.yml", *more_files) for word in ("-f", str(CHECKOUT / name))]
    command = ["docker", "compose", *files, "config", "--format", "json"]
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", **variables}
    done = subprocess.run(command, cwd="/", env=env, capture_output=True, check=True)
    return json.loads(done.stdout)["services"]


async def test_a_thousand_tasks_run_to_their_end_on_three_containers(stack):
    tasks = await stack.finished(stack.enqueue(1000, 0.01))
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert {task.attempt for task in tasks} == {1}
    assert {stack.container(task.worker_id).short_id for task in tasks} == {
        container.short_id for container in stack.containers("worker")
    }


async def test_both_coordinators_serve_and_the_edge_watches_both(shared):
    coordinators = shared.containers("coordinator")
    assert len(coordinators) == 2
    watched = shared.run("logs", "--no-log-prefix", "edge")
    for container in coordinators:
        assert f'"address": "{container.name}:8080"' in watched


async def test_whoever_listens_becomes_healthy(shared):
    for container in (*shared.containers("edge"), *shared.containers("coordinator"), *shared.containers("worker")):
        await eventually(lambda container=container: health(container) == "healthy", timeout=60, pause=0.5)


async def test_only_the_edge_is_published_and_only_on_loopback(shared):
    published = {
        service: [port for ports in container.attrs["NetworkSettings"]["Ports"].values() for port in ports or []]
        for service in EVERY
        for container in shared.containers(service)
    }
    assert [port["HostIp"] for port in published.pop("edge")] == ["127.0.0.1"]
    assert set(map(tuple, published.values())) == {()}
    assert httpx.get(f"{shared.url}/readyz").status_code == 200


def test_by_itself_the_edge_is_published_on_loopback():
    [port] = declared()["edge"]["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "8081", 8081)
    assert [name for name, service in declared().items() if service.get("ports")] == ["edge"]


@pytest.mark.parametrize("service", EVERY)
def test_every_service_is_bounded_and_held_down(service):
    told = declared()[service]
    assert told["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert told["restart"] == "unless-stopped"
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]


def test_with_a_postgresql_of_one_s_own_there_is_no_other():
    services = declared("deploy/own-postgres.yml", DATABASE_URL="postgresql://me:sesame@db.example.com/scheduler")
    assert services.keys() == {"migrate", *ROLES}
    knowing = {name for name, service in services.items() if "sesame" in str(service)}
    assert knowing == {"migrate", "coordinator", "edge"}


async def test_no_role_can_write_to_its_root_file_system(shared):
    for role in ROLES:
        code, told = in_container(shared.containers(role)[0], "open('/app/x', 'w')")
        assert (code, "Read-only file system" in told or "Permission denied" in told) == (1, True), told


async def test_only_the_supervisor_sees_the_engine(shared):
    sees = {
        service
        for service in EVERY
        for container in shared.containers(service)
        if any(mount["Destination"].endswith("docker.sock") for mount in container.attrs["Mounts"])
    }
    assert sees == {"supervisor"}


async def test_a_worker_cannot_reach_postgresql_and_does_not_know_its_password(shared):
    worker, edge = shared.containers("worker")[0], shared.containers("edge")[0]
    [address] = [
        network["IPAddress"]
        for name, network in shared.containers("postgres")[0].attrs["NetworkSettings"]["Networks"].items()
        if name.endswith("_store")
    ]
    assert in_container(edge, DIAL.format(address, 5432))[0] == 0
    assert in_container(worker, DIAL.format(address, 5432))[0] == 1
    assert in_container(worker, "open('/run/password/postgres')")[0] == 1
    assert "POSTGRES" not in str(worker.attrs["Config"]["Env"])


async def test_the_password_is_drawn_and_stands_in_no_container_s_description(shared):
    _, password = in_container(shared.containers("edge")[0], "print(open('/run/password/postgres').read())")
    assert len(password.strip()) >= 20
    for service in (*EVERY, "migrate", "password"):
        for container in shared.containers(service):
            assert password.strip() not in str(container.attrs)
