"""The manifests: valid by what Kubernetes publishes, unprivileged, and in step with the program and with each other."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cluster.core.limits import WORKERS_MAX
from cluster.runtime.settings import Settings
from cluster.store.pool import Connection
from cluster.supervisor.runtimes.placement import Placement
from tests.store.made import add, claim, session

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
KINDS = {"Deployment", "StatefulSet"}
# The oldest that has what we use, and the newest that the validator knows.
VERSIONS = ("1.27", ".".join(kubernetes_validate.latest_version().split(".")[:2]))
FOREIGN = ("keda.sh/", "kustomize.config.k8s.io/")

Manifest = dict[str, Any]


def read(pattern: str) -> Iterator[Manifest]:
    for path in sorted(FOLDER.glob(pattern)):
        yield from yaml.safe_load_all(path.read_text())


EVERYTHING = [*read("*.yaml"), *read("autoscaling/*.yaml")]
WORKLOADS = [each for each in EVERYTHING if each["kind"] in KINDS]


def named(manifest: Manifest) -> str:
    return f"{manifest['kind']}-{manifest.get('metadata', {}).get('name')}"


def the(kind: str, name: str) -> Manifest:
    [found] = [each for each in EVERYTHING if (each["kind"], each.get("metadata", {}).get("name")) == (kind, name)]
    return found


def pod(workload: Manifest) -> Manifest:
    return workload["spec"]["template"]["spec"]


def containers(workload: Manifest) -> list[Manifest]:
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def environment(container: Manifest) -> dict[str, str]:
    """What it is told, as far as that stands in a manifest."""
    told = {entry["name"]: entry["value"] for entry in container.get("env", []) if "value" in entry}
    sources = [source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source]
    return {key: value for name in sources for key, value in the("ConfigMap", name)["data"].items()} | told


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", EVERYTHING, ids=named)
def test_a_manifest_is_valid_by_the_published_schemas(manifest: Manifest, version: str) -> None:
    if not manifest["apiVersion"].startswith(FOREIGN):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_manifest_with_a_mistake_is_not_valid() -> None:
    broken = the("Deployment", "worker") | {"spec": {**the("Deployment", "worker")["spec"], "replica": 3}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_nothing_is_privileged(workload: Manifest) -> None:
    spec = pod(workload)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(workload):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_only_the_supervisor_has_a_token_and_only_who_needs_it_the_database() -> None:
    with_token = [named(each) for each in WORKLOADS if pod(each)["automountServiceAccountToken"]]
    with_secret = {
        named(each)
        for each in WORKLOADS
        for container in containers(each)
        if {"secretRef": {"name": "database"}} in container["envFrom"]
    }

    assert with_token == ["Deployment-supervisor"]
    assert with_secret == {"StatefulSet-coordinator", "Deployment-edge"}


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_no_service_sets_a_variable_of_ours(workload: Manifest) -> None:
    # A Service named coordinator would: COORDINATOR_PORT=tcp://10.96.0.7:8080.
    assert pod(workload)["enableServiceLinks"] is False


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_what_a_role_is_told_is_what_it_takes_and_where_it_is_asked_for(workload: Manifest) -> None:
    [container] = pod(workload)["containers"]
    env = environment(container)
    settings = Settings.from_env(env)

    listens = {
        "edge": settings.scheduler.port,
        "coordinator": settings.coordinator.port,
        "worker": settings.worker_port,
        "supervisor": None,
    }[container["args"][0]]
    assert [port["containerPort"] for port in container.get("ports", [])] == ([listens] if listens else [])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container.get(probe, {})
        if "grpc" in asked:
            assert asked["grpc"]["port"] == listens
        elif listens:
            assert asked["httpGet"]["port"] == container["ports"][0]["name"]
    if container["args"] == ["worker"]:
        assert pod(workload)["terminationGracePeriodSeconds"] > settings.drain_timeout


def test_everybody_knows_every_coordinator_by_its_name() -> None:
    coordinator = the("StatefulSet", "coordinator")["spec"]
    settings = Settings.from_env(the("ConfigMap", "settings")["data"])

    names = [f"coordinator-{number}.{coordinator['serviceName']}:8080" for number in range(coordinator["replicas"])]
    assert list(settings.coordinators) == names


def test_the_supervisor_scales_the_deployment_of_the_workers_and_may() -> None:
    [container] = pod(the("Deployment", "supervisor"))["containers"]
    placement = Placement.from_env(environment(container), 35.0)
    [scale] = [rule for rule in the("Role", "supervisor")["rules"] if rule["resources"] == ["deployments/scale"]]

    assert placement.runtime == "kubernetes"
    assert [placement.service] == scale["resourceNames"] == [the("Deployment", "worker")["metadata"]["name"]]
    # An apply would undo every order to scale.
    assert "replicas" not in the("Deployment", "worker")["spec"]


@pytest.mark.parametrize("role", ["coordinator", "edge", "worker"])
def test_a_disruption_takes_one_of_them_at_a_time(role: str) -> None:
    selector = the("PodDisruptionBudget", role)["spec"]["selector"]

    assert selector in [each["spec"]["selector"] for each in WORKLOADS if each["metadata"]["name"] == role]


def test_a_role_is_called_by_nobody_but_those_who_must() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in EVERYTHING if each["kind"] == "NetworkPolicy"}

    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    # The supervisor listens on nothing.
    assert policies.keys() - {"nobody"} == {"edge", "coordinator", "worker"}
    [to_worker] = policies["worker"]["ingress"]
    assert to_worker["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "coordinator"}}}]


def test_the_kustomization_has_every_manifest_that_is_no_example() -> None:
    [kustomization] = read("kustomization.yaml")

    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml", "database.example.yaml"}
    assert set(kustomization["resources"]) == files


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl to put the manifests together with")
def test_the_kustomization_is_put_together() -> None:
    built = subprocess.run(["kubectl", "kustomize", FOLDER], capture_output=True, text=True, check=True)

    for manifest in yaml.safe_load_all(built.stdout):
        kubernetes_validate.validate(manifest, VERSIONS[0], strict=True)
        assert manifest["kind"] == "Namespace" or manifest["metadata"]["namespace"] == "taskmaster"


async def test_the_autoscaler_counts_the_work_that_could_be_done_now(conn: Connection) -> None:
    [trigger] = the("ScaledObject", "worker")["spec"]["triggers"]
    worker = await session(conn)
    await add(conn, 7)
    await claim(conn, 3, worker)
    await add(conn, 5, due=datetime.now(UTC) + timedelta(hours=1))

    rows = await (await conn.execute(trigger["metadata"]["query"])).fetchall()

    assert rows == [(7,)]


@pytest.mark.parametrize("kind", ["ScaledObject", "HorizontalPodAutoscaler"])
def test_an_autoscaler_wants_what_an_order_could_want(kind: str) -> None:
    spec = the(kind, "worker")["spec"]
    slots = the("ConfigMap", "settings")["data"]["WORKER_POOL_SIZE"]

    assert WORKERS_MAX in spec.values()
    assert spec["scaleTargetRef"]["name"] == "worker"
    targets = [trigger["metadata"]["targetQueryValue"] for trigger in spec.get("triggers", [])]
    targets += [metric["external"]["target"]["averageValue"] for metric in spec.get("metrics", [])]
    assert set(targets) == {slots}
