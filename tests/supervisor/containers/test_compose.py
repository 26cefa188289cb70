"""Containers of a compose project, through the API of an engine."""

import pytest

from cluster.core.errors import CannotStart, EngineUnavailable
from cluster.supervisor.runtimes.containers import compose as module
from cluster.supervisor.runtimes.containers.copies import NUMBER
from cluster.supervisor.runtimes.placement import Placement
from tests.supervisor.containers.fake_engine import NETWORK, FakeEngine
from tests.supervisor.containers.shop import Connect, reach, states, unit


def test_only_the_containers_of_that_service_in_that_project_are_seen(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    engine.worker(2, service="edge")
    engine.worker(3, project="other")

    assert states(connect()) == {"000000000001": "running"}


def test_a_worker_is_called_by_its_worker_name_else_by_its_host_name(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1, Env=["A=b", "WORKER_NAME=rack-1"])
    engine.worker(2, Hostname="named")
    engine.worker(3, Env=None)

    found = [(unit.name, unit.host) for unit in connect().look()]
    assert found == [("rack-1", "000000000001"), ("named", "named"), ("000000000003", "000000000003")]


def test_states_are_told_as_the_wire_calls_them(engine: FakeEngine, connect: Connect) -> None:
    for number, status in enumerate(("created", "running", "paused", "restarting", "exited", "dead"), 1):
        engine.worker(number).status = status

    assert list(states(connect()).values()) == ["starting", "running", "running", "backing_off", "", ""]


def test_scaling_up_makes_copies_under_the_next_free_numbers(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    engine.worker(3)
    compose = connect()

    reach(compose, 4)

    assert engine.running() == [f"shop-worker-{number}" for number in (1, 2, 3, 4)]
    assert sorted(engine.calls) == [
        "create shop-worker-2",
        "create shop-worker-4",
        "start shop-worker-2",
        "start shop-worker-4",
    ]


def test_a_copy_is_what_compose_would_have_made(engine: FakeEngine, connect: Connect) -> None:
    sibling = engine.worker(1, Healthcheck={"Test": ["CMD", "true"]}, User="1000")
    sibling.networks["shop_back"] = {"Aliases": ["worker", "shop-worker-1"], "IPAddress": "172.21.0.2"}

    reach(connect(), 2)

    copy = engine.find("shop-worker-2")
    assert copy.config["Image"] == sibling.image
    assert copy.config["Hostname"] == copy.id[:12] != sibling.config["Hostname"]
    assert copy.config["Labels"] == {**sibling.config["Labels"], NUMBER: "2"}
    own = {"Image", "Hostname", "Labels"}
    assert {k: v for k, v in copy.config.items() if k not in own} == {
        k: v for k, v in sibling.config.items() if k not in own
    }
    assert copy.host_config == sibling.host_config
    assert {name: at["Aliases"] for name, at in copy.networks.items()} == {
        NETWORK: ["worker"],
        "shop_back": ["worker"],
    }


def test_a_container_that_was_stopped_is_started_before_a_copy_is_made(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    engine.worker(2).status = "exited"
    engine.worker(3).status = "created"

    reach(connect(), 3)

    assert sorted(engine.calls) == ["start shop-worker-2", "start shop-worker-3"]


def test_many_are_started_in_steps_between_which_others_get_their_turn(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    compose = connect()

    assert not compose.scale(1 + 2 * module.AT_ONCE)
    assert len(engine.running()) == 1 + module.AT_ONCE
    reach(compose, 1 + 2 * module.AT_ONCE)

    assert len(engine.running()) == 1 + 2 * module.AT_ONCE


def test_a_kill_and_what_replaces_it(engine: FakeEngine, connect: Connect) -> None:
    container = engine.worker(1)
    compose = connect()
    before = unit(compose, "000000000001")

    compose.kill(before)
    dead = unit(compose, "000000000001")
    assert (dead.state, dead.code) == ("", -9)
    compose.replace(before)

    after = unit(compose, "000000000001")
    assert (after.state, container.status) == ("running", "running")
    assert after.life != before.life


def test_a_kill_of_what_is_gone_is_done(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    compose = connect()
    seen = unit(compose, "000000000001")
    engine.find("000000000001").end(1)
    compose.kill(seen)

    engine.containers.clear()
    compose.kill(seen)


def test_without_a_sibling_there_is_nothing_to_copy(engine: FakeEngine, connect: Connect) -> None:
    with pytest.raises(EngineUnavailable, match="project shop has no container of the service worker to copy"):
        connect().scale(2)


def test_what_the_engine_refuses_is_said_in_its_words(engine: FakeEngine, connect: Connect) -> None:
    compose = connect()
    engine.refusal = (500, "no space left on device")

    with pytest.raises(EngineUnavailable, match="no space left on device"):
        compose.look()


def test_the_project_is_that_of_the_supervisors_own_container(
    engine: FakeEngine, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.worker(7, service="supervisor")
    engine.worker(1)
    monkeypatch.setattr("socket.gethostname", lambda: "000000000007")

    assert list(states(connect(Placement("compose", "", "worker", "", 35.0)))) == ["000000000001"]


def test_outside_a_container_the_project_must_be_named(engine: FakeEngine, connect: Connect) -> None:
    with pytest.raises(CannotStart, match="SUPERVISOR_PROJECT must be set"):
        connect(Placement("compose", "", "worker", "", 35.0))


def test_without_an_engine_the_supervisor_cannot_start(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not a unix socket that is not there: the library leaves one of its own open then.
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    with pytest.raises(CannotStart, match=r"no container engine answers .* mount its socket"):
        connect()
