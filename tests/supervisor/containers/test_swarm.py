"""A service of a swarm stack, through the API of a manager's engine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from cluster.core.errors import CannotStart, EngineUnavailable
from cluster.supervisor.runtimes.containers import errand, errands
from cluster.supervisor.runtimes.containers import swarm as module
from cluster.supervisor.runtimes.containers.containers import Containers
from cluster.supervisor.runtimes.containers.swarm import Swarm
from cluster.supervisor.runtimes.placement import Placement
from tests.supervisor.containers.fake_engine import FakeContainer, FakeEngine

Connect = Callable[..., Swarm]
PLACEMENT = Placement("swarm", "shop", "worker", "", 35.0)


@pytest.fixture
def connect(engine: FakeEngine) -> Iterator[Connect]:
    """The service `worker` of the stack `shop`, of three replicas."""
    engine.service = {
        "ID": "s1",
        "Version": {"Index": 7},
        "Spec": {
            "Name": "shop_worker",
            "Mode": {"Replicated": {"Replicas": 3}},
            "TaskTemplate": {"ContainerSpec": {"Image": "taskmaster", "Env": ["A=b"]}, "ForceUpdate": 0},
            "Labels": {"com.docker.stack.namespace": "shop"},
        },
    }
    with ExitStack() as opened:

        def connect(placement: Placement = PLACEMENT) -> Swarm:
            swarm = module.connect(placement)
            opened.callback(swarm.close)
            return swarm

        yield connect


def task(number: int, state: str = "running", desired: str = "running", **more: Any) -> dict[str, Any]:
    """As GET /tasks tells it; the container of task 1 is that of the fake worker 1."""
    container = {"ContainerID": f"{number:012x}" * 5 + "cafe", "PID": 7, "ExitCode": 0}
    return {
        "ID": f"t{number}",
        "NodeID": "here",
        "Slot": number,
        "DesiredState": desired,
        "Status": {"State": state, "ContainerStatus": container},
        "Spec": {"ContainerSpec": {"Image": "taskmaster", "Env": ["A=b"]}},
        **more,
    }


def test_the_tasks_of_the_stacks_service_are_seen(engine: FakeEngine, connect: Connect) -> None:
    engine.tasks = [task(1), task(2, NodeID="there")]

    found = [(unit.key, unit.name, unit.host, unit.state, unit.node) for unit in connect().look()]

    assert engine.calls == ["tasks of shop_worker"]
    assert found == [
        ("t1", "000000000001", "000000000001", "running", "here"),
        ("t2", "000000000002", "000000000002", "running", "there"),
    ]


@pytest.mark.parametrize(
    ("state", "desired", "told"),
    [
        ("pending", "running", "starting"),
        ("preparing", "running", "starting"),
        ("running", "running", "running"),
        ("running", "shutdown", "draining"),
        ("shutdown", "shutdown", ""),
        ("failed", "running", ""),
        ("complete", "shutdown", ""),
        ("pending", "shutdown", ""),
    ],
)
def test_states_are_told_as_the_wire_calls_them(
    engine: FakeEngine, connect: Connect, state: str, desired: str, told: str
) -> None:
    engine.tasks = [task(1, state, desired)]

    assert [unit.state for unit in connect().look()] == [told]


def test_a_task_that_has_no_container_yet_is_called_by_its_own_id(engine: FakeEngine, connect: Connect) -> None:
    engine.tasks = [task(1, "pending", ID="k3m9x2", Status={"State": "pending"}, NodeID="")]

    assert [(unit.name, unit.code) for unit in connect().look()] == [("k3m9x2", None)]


def test_the_exit_code_of_a_task_that_failed_is_told(engine: FakeEngine, connect: Connect) -> None:
    engine.tasks = [task(1, "failed", "shutdown")]
    engine.tasks[0]["Status"]["ContainerStatus"]["ExitCode"] = 137

    assert [unit.code for unit in connect().look()] == [-9]


def test_scaling_changes_the_number_of_replicas_and_nothing_else(engine: FakeEngine, connect: Connect) -> None:
    template = engine.service["Spec"]["TaskTemplate"]

    assert connect().scale(10)

    spec = engine.service["Spec"]
    assert spec["Mode"] == {"Replicated": {"Replicas": 10}}
    assert (spec["Name"], spec["Labels"]) == ("shop_worker", {"com.docker.stack.namespace": "shop"})
    assert spec["TaskTemplate"] == template


def test_a_change_that_meets_another_one_is_tried_again(
    engine: FakeEngine, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    swarm = connect()
    update, tries = swarm._daemon.update_service, []

    def raced(service: str, version: int, **change: Any) -> Any:
        tries.append(version)
        return update(service, version - 1 if len(tries) == 1 else version, **change)

    monkeypatch.setattr(swarm._daemon, "update_service", raced)

    assert swarm.scale(5)
    assert engine.service["Spec"]["Mode"] == {"Replicated": {"Replicas": 5}}
    assert len(tries) == 2


def test_a_service_without_a_number_of_replicas_is_not_scaled(engine: FakeEngine, connect: Connect) -> None:
    engine.service["Spec"]["Mode"] = {"Global": {}}

    with pytest.raises(EngineUnavailable, match="shop_worker is not replicated"):
        connect().scale(5)


def test_a_stack_without_that_service_is_said_so(connect: Connect) -> None:
    with pytest.raises(EngineUnavailable, match="service shop_gpu not found"):
        connect(Placement("swarm", "shop", "gpu", "", 35.0)).scale(5)


def test_the_container_of_a_task_is_killed(engine: FakeEngine, connect: Connect) -> None:
    container = engine.worker(1)
    engine.tasks = [task(1), task(2)]
    swarm = connect()

    swarm.kill(swarm.look()[0])
    assert (container.status, container.code) == ("exited", 137)
    # Its container is gone from this machine, and that is what was wanted.
    swarm.kill(swarm.look()[1])


def test_the_container_of_a_task_is_told_to_drain(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    engine.tasks = [task(1)]
    swarm = connect()

    swarm.drain(swarm.look()[0])

    assert [call for call in engine.calls if call.startswith("SIG")] == ["SIGTERM shop-worker-1"]


@pytest.mark.parametrize(("told", "grace"), [({}, 35), ({"StopGracePeriod": 600 * 10**9}, 600)])
def test_whoever_looks_sees_that_a_task_drains_and_how_long_it_may(
    engine: FakeEngine, connect: Connect, told: dict[str, int], grace: int
) -> None:
    engine.worker(1)
    engine.tasks = [task(1), task(2)]
    engine.tasks[0]["Spec"]["ContainerSpec"] |= told
    before = connect()
    template = engine.service["Spec"]["TaskTemplate"]

    before.drain(before.look()[0])

    found = [(unit.key, unit.state, unit.grace) for unit in connect().look()]
    assert found == [("t1", "draining", grace), ("t2", "running", None)]
    assert engine.service["Spec"]["TaskTemplate"] == template
    assert engine.service["Spec"]["Mode"] == {"Replicated": {"Replicas": 3}}
    assert engine.service["Spec"]["Labels"].items() >= {"com.docker.stack.namespace": "shop"}.items()


async def test_drains_one_after_the_other_leave_the_number_of_replicas(engine: FakeEngine, connect: Connect) -> None:
    engine.stubborn = True
    for number in (1, 2, 3):
        engine.worker(number)
    engine.tasks = [task(1), task(2), task(3)]
    containers = Containers(connect())

    for number in (1, 2, 3):
        assert await containers.drain(f"{number:012x}")
        await containers.step()

    assert [member.state for member in containers.members()] == ["draining"] * 3
    assert engine.service["Spec"]["Mode"] == {"Replicated": {"Replicas": 3}}


def test_of_tasks_that_have_left_the_labels_of_the_service_say_no_more(engine: FakeEngine, connect: Connect) -> None:
    for number in (1, 2):
        engine.worker(number)
    engine.tasks = [task(1), task(2)]
    swarm = connect()
    for each in swarm.look():
        swarm.drain(each)
    # One has ended and is remembered, the other one is forgotten.
    engine.tasks = [task(1, "complete", "shutdown")]

    [gone] = swarm.look()
    assert (gone.runs, gone.grace is None) == (False, False)
    swarm.clear(gone)

    assert engine.service["Spec"]["Labels"] == {"com.docker.stack.namespace": "shop"}
    assert swarm.look()[0].grace is None


def test_a_task_that_the_managers_end_is_theirs_to_kill(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    engine.tasks = [task(1)]
    swarm = connect()
    swarm.drain(swarm.look()[0])

    engine.tasks = [task(1, desired="shutdown")]

    assert [(unit.state, unit.grace) for unit in swarm.look()] == [("draining", None)]


@pytest.fixture
def supervisor(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> FakeContainer:
    """The container in which this process runs: a task of the stack's service, as the engine labels it."""
    own = engine.worker(9)
    own.config["Labels"] |= {"com.docker.stack.namespace": "shop", "com.docker.swarm.service.id": "s1"}
    monkeypatch.setattr("socket.gethostname", lambda: own.id[:12])
    return own


def test_the_container_of_a_task_on_another_machine_is_killed_by_a_job_there(
    engine: FakeEngine, connect: Connect, supervisor: FakeContainer
) -> None:
    engine.tasks = [task(1, NodeID="there")]
    container = {"Image": "taskmaster@sha256:1", "User": "root", "ReadOnly": True, "Args": ["supervisor"]}
    container |= {"Healthcheck": {"Test": ["NONE"]}, "Mounts": [{"Target": "/var/run/docker.sock"}]}
    engine.service["Spec"]["TaskTemplate"] = {"ContainerSpec": container, "Networks": [{"Target": "n"}]}
    swarm = connect()

    swarm.kill(swarm.look()[0])

    [job] = engine.jobs.values()
    assert job["Mode"] == {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}}
    assert job["Labels"] == {"com.docker.stack.namespace": "shop"}
    assert job["TaskTemplate"]["Placement"] == {"Constraints": ["node.id == there"]}
    assert job["TaskTemplate"]["RestartPolicy"] == {"Condition": "none"}
    sent = job["TaskTemplate"]["ContainerSpec"]
    assert sent.pop("Command") == errands.PROGRAM
    assert sent.pop("Args") == [engine.tasks[0]["Status"]["ContainerStatus"]["ContainerID"], "SIGKILL"]
    # All else is the supervisor's own: it may see a socket of the engine, and nobody else may.
    assert sent == {name: value for name, value in container.items() if name not in {"Args", "Healthcheck"}}
    assert engine.calls[-1] == "remove job0"


def test_a_job_that_fails_is_told_and_taken_away(
    engine: FakeEngine, connect: Connect, supervisor: FakeContainer
) -> None:
    engine.tasks = [task(1, NodeID="there")]
    engine.end_of_job = {"State": "rejected", "Err": "No such image"}
    swarm = connect()

    with pytest.raises(EngineUnavailable, match="the node there did not kill it: No such image"):
        swarm.kill(swarm.look()[0])

    assert engine.calls[-1] == "remove job0"


def test_a_job_that_does_not_begin_is_not_waited_for(
    engine: FakeEngine, connect: Connect, supervisor: FakeContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.tasks = [task(1, NodeID="there")]
    engine.end_of_job = {"State": "pending"}
    monkeypatch.setattr(errands, "PATIENCE", 0.05)
    swarm = connect()

    with pytest.raises(EngineUnavailable, match="within"):
        swarm.kill(swarm.look()[0])

    assert engine.calls[-1] == "remove job0"


def test_a_supervisor_that_is_no_service_reaches_no_other_machine(engine: FakeEngine, connect: Connect) -> None:
    engine.tasks = [task(1, NodeID="there")]
    swarm = connect()

    with pytest.raises(EngineUnavailable, match="only a supervisor that is a service of the swarm"):
        swarm.kill(swarm.look()[0])


def test_the_job_kills_the_container_it_is_told(engine: FakeEngine, capfd: pytest.CaptureFixture[str]) -> None:
    container = engine.worker(1)

    assert errand.run(container.id, "SIGKILL") == 0
    assert container.code == 137

    engine.refusal = (500, "not now")
    assert errand.run(container.id, "SIGKILL") == 1
    assert "not now" in capfd.readouterr().err


def test_an_engine_that_manages_no_swarm_is_refused(engine: FakeEngine, connect: Connect) -> None:
    engine.swarm = {"ControlAvailable": False, "NodeID": ""}

    with pytest.raises(CannotStart, match="manages no swarm"):
        connect()


def test_the_stack_is_that_of_the_supervisors_own_container(
    engine: FakeEngine, connect: Connect, supervisor: FakeContainer
) -> None:
    connect(Placement("swarm", "", "worker", "", 35.0)).look()

    assert engine.calls == ["tasks of shop_worker"]
