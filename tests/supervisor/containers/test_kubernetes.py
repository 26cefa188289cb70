"""The pods of a Deployment, through the API of a cluster."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.core.errors import CannotStart, EngineUnavailable
from cluster.supervisor.runtimes.containers import kubernetes as module
from cluster.supervisor.runtimes.containers.containers import Containers
from cluster.supervisor.runtimes.containers.kubernetes import Kubernetes
from cluster.supervisor.runtimes.placement import Placement
from tests.supervisor.containers.fake_cluster import FakeCluster, kubeconfig
from tests.supervisor.containers.fakes import served

Connect = Callable[..., Kubernetes]
MANIFEST = Path(__file__).parents[3] / "deploy" / "kubernetes" / "supervisor.yaml"
PLACEMENT = Placement("kubernetes", "", "worker", "taskmaster", 35.0)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeCluster]:
    fake = FakeCluster()
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with served(fake.app()) as address:
        path = kubeconfig(tmp_path, address)
        monkeypatch.setattr(module.config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        yield fake


@pytest.fixture
def connect(cluster: FakeCluster) -> Iterator[Connect]:
    """The Deployment `worker`."""
    with ExitStack() as opened:

        def connect(placement: Placement = PLACEMENT) -> Kubernetes:
            kubernetes = module.connect(placement)
            opened.callback(kubernetes.close)
            return kubernetes

        yield connect


def test_the_pods_of_the_deployment_are_seen(cluster: FakeCluster, connect: Connect) -> None:
    cluster.pod("worker-7d9-abcde")
    cluster.pod("edge-1", metadata={"labels": {"app": "edge"}})

    [unit] = connect().look()

    assert (unit.key, unit.name, unit.host, unit.state, unit.node) == (
        "worker-7d9-abcde",
        "worker-7d9-abcde",
        "worker-7d9-abcde",
        "running",
        "n1",
    )


def test_a_worker_is_called_by_its_worker_name_else_by_its_host_name(cluster: FakeCluster, connect: Connect) -> None:
    cluster.pod("a", env=[{"name": "WORKER_NAME", "value": "rack-1"}])
    cluster.pod("b", hostname="named")
    cluster.pod("c", env=[{"name": "WORKER_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])

    assert [(unit.name, unit.host) for unit in connect().look()] == [("rack-1", "a"), ("named", "named"), ("c", "c")]


WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}
LEAVING = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("pod", "phase", "told"),
    [
        ({}, "Running", "running"),
        (LEAVING, "Running", "draining"),
        ({"state": WAITING, "restarts": 4}, "Running", "backing_off"),
        ({"state": WAITING}, "Pending", "starting"),
        ({"state": WAITING} | LEAVING, "Pending", ""),
        ({"state": {"terminated": {"exitCode": 0}}}, "Succeeded", ""),
        ({}, "Failed", ""),
    ],
)
def test_states_are_told_as_the_wire_calls_them(
    cluster: FakeCluster, connect: Connect, pod: dict[str, Any], phase: str, told: str
) -> None:
    cluster.pod("a", **pod)["status"]["phase"] = phase

    assert [unit.state for unit in connect().look()] == [told]


def test_a_pod_that_is_not_on_a_machine_yet_is_starting(cluster: FakeCluster, connect: Connect) -> None:
    pod = cluster.pod("a")
    pod["status"] = {"phase": "Pending"}
    del pod["spec"]["nodeName"]

    assert [(unit.state, unit.code, unit.node) for unit in connect().look()] == [("starting", None, "")]


def test_a_container_that_was_started_again_has_another_life(cluster: FakeCluster, connect: Connect) -> None:
    cluster.pod("a")
    kubernetes = connect()
    [before] = kubernetes.look()
    cluster.pod("a", restarts=1, last={"terminated": {"exitCode": 137}})

    [after] = kubernetes.look()

    assert after.life != before.life
    assert (after.restarts, after.code) == (1, -9)


def test_scaling_changes_the_scale_of_the_deployment(cluster: FakeCluster, connect: Connect) -> None:
    assert connect().scale(10)

    assert cluster.replicas == 10


def test_a_kill_deletes_the_pod_without_grace(cluster: FakeCluster, connect: Connect) -> None:
    cluster.pod("a")
    cluster.pod("b")
    kubernetes = connect()
    first = kubernetes.look()[0]

    kubernetes.kill(first)
    # It is gone, and that is what was wanted.
    kubernetes.kill(first)

    assert cluster.deleted == [("a", "0")]


def test_a_drain_deletes_the_pod_with_its_grace(cluster: FakeCluster, connect: Connect) -> None:
    cluster.pod("a")
    kubernetes = connect()
    first = kubernetes.look()[0]

    kubernetes.drain(first)
    kubernetes.drain(first)

    assert cluster.deleted == [("a", None)]


async def test_drains_one_after_the_other_leave_the_number_of_replicas(cluster: FakeCluster, connect: Connect) -> None:
    cluster.patient = True
    for name in ("a", "b", "c"):
        cluster.pod(name)
    containers = Containers(connect())

    for name in ("a", "b", "c"):
        assert await containers.drain(name)
        await containers.step()

    assert [member.state for member in containers.members()] == ["draining"] * 3
    assert cluster.replicas == 3


async def test_a_drain_during_a_rollout_leaves_the_number_of_replicas(cluster: FakeCluster, connect: Connect) -> None:
    # Two more than are wanted, for the time of the rollout.
    cluster.replicas = 4
    for name in ("old-1", "old-2", "old-3", "old-4", "new-1", "new-2"):
        cluster.pod(name)
    containers = Containers(connect())
    await containers.step()

    assert await containers.drain("old-1")
    await containers.step()

    assert cluster.replicas == 4


def test_the_role_in_the_manifest_allows_what_is_asked_and_nothing_else(cluster: FakeCluster, connect: Connect) -> None:
    cluster.pod("a")
    kubernetes = connect()
    for unit in kubernetes.look():
        kubernetes.kill(unit)
    kubernetes.scale(2)

    [role] = [each for each in yaml.safe_load_all(MANIFEST.read_text()) if each["kind"] == "Role"]
    allowed = {
        (verb, group, resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert cluster.used == allowed


def test_what_the_cluster_refuses_is_said_in_its_words(cluster: FakeCluster, connect: Connect) -> None:
    kubernetes = connect()
    cluster.refusal = (403, 'pods is forbidden: User "nobody" cannot list resource "pods"')

    with pytest.raises(EngineUnavailable, match='User "nobody" cannot list'):
        kubernetes.look()


def test_a_deployment_that_is_not_there_is_said_so_at_the_start(connect: Connect) -> None:
    with pytest.raises(CannotStart, match=r'deployment gpu in namespace taskmaster: .* "gpu" not found'):
        connect(Placement("kubernetes", "", "gpu", "taskmaster", 35.0))


def test_the_namespace_is_the_pods_own(connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    placement = Placement("kubernetes", "", "worker", "", 35.0)
    assert "default/worker" in repr(connect(placement))
    own = tmp_path / "namespace"
    own.write_text("shop\n")

    monkeypatch.setattr(module, "OWN_NAMESPACE", own)

    assert "shop/worker" in repr(connect(placement))


def test_without_a_cluster_the_supervisor_cannot_start(
    cluster: FakeCluster, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", "/nowhere")

    with pytest.raises(CannotStart, match="neither a service account nor KUBECONFIG"):
        connect()


def test_a_cluster_that_does_not_answer_is_said_so(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = kubeconfig(tmp_path, "http://127.0.0.1:9")
    monkeypatch.setattr(module.config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(away))

    with pytest.raises(CannotStart, match="the Kubernetes API does not answer"):
        connect()
