"""Containers of a compose project that are told to leave: once, whoever tells them, and for no longer than they may."""

import pytest

from cluster.core.errors import EngineUnavailable
from cluster.supervisor.orders import Orders
from cluster.supervisor.runtimes.containers.containers import Containers
from cluster.wire.taskmaster_pb2 import DrainWorker, SupervisorOrder
from tests.supervisor.containers.fake_engine import NETWORK, FakeEngine
from tests.supervisor.containers.shop import Connect, reach, states, unit


def test_scaling_down_drains_the_highest_numbers_and_takes_them_away(engine: FakeEngine, connect: Connect) -> None:
    for number in (1, 2, 3):
        engine.worker(number)
    compose = connect()

    reach(compose, 1)

    assert engine.calls == [
        "SIGTERM shop-worker-3",
        "SIGTERM shop-worker-2",
        "remove shop-worker-2",
        "remove shop-worker-3",
    ]
    assert compose.scale(1)


def test_a_container_is_told_to_stop_by_the_signal_it_asks_for(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    engine.worker(2, StopSignal="SIGINT")

    reach(connect(), 1)

    assert engine.calls[0] == "SIGINT shop-worker-2"


def test_one_that_drains_is_seen_as_such_and_does_not_count(engine: FakeEngine, connect: Connect) -> None:
    engine.stubborn = True
    engine.worker(1)
    engine.worker(2, StopTimeout=600)
    compose = connect()
    assert not compose.scale(1)
    assert states(compose) == {"000000000001": "running", "000000000002": "draining"}

    compose.scale(2)

    assert engine.running() == ["shop-worker-1", "shop-worker-2", "shop-worker-3"]


@pytest.mark.parametrize(("given", "grace"), [({}, 35), ({"StopTimeout": 600}, 600)])
def test_one_that_drains_has_the_grace_of_its_container_else_ours(
    engine: FakeEngine, connect: Connect, given: dict[str, int], grace: int
) -> None:
    engine.stubborn = True
    engine.worker(1, **given)
    compose = connect()
    assert unit(compose, "000000000001").grace is None

    compose.drain(unit(compose, "000000000001"))

    assert unit(compose, "000000000001").grace == grace


def test_whoever_looks_sees_that_it_drains(engine: FakeEngine, connect: Connect) -> None:
    engine.stubborn = True
    for number in (1, 2, 3):
        engine.worker(number)
    before = connect()
    before.scale(2)
    told = list(engine.calls)

    # As after a restart of the supervisor: nobody is told twice, and another one that goes is the next.
    after = connect()
    assert after.look() == before.look()
    after.scale(2)
    assert engine.calls == told == ["SIGTERM shop-worker-3"]
    after.scale(1)
    assert engine.calls[1:] == ["SIGTERM shop-worker-2"]


async def test_an_order_to_drain_that_comes_again_after_a_restart_sends_no_second_signal(
    engine: FakeEngine, connect: Connect
) -> None:
    engine.stubborn = True
    engine.worker(1)
    engine.worker(2)
    order = SupervisorOrder(order_id=1, drain=DrainWorker(name="000000000002"))

    for supervisor in (Orders(Containers(connect())), Orders(Containers(connect()))):
        await supervisor.take(order)
        assert [(outcome.ok, outcome.detail) for outcome in supervisor.untold()] == [(True, "000000000002 drains")]

    assert engine.calls == ["SIGTERM shop-worker-2", "create shop-worker-3", "start shop-worker-3"]


def test_one_that_somebody_starts_again_drains_no_more(engine: FakeEngine, connect: Connect) -> None:
    container = engine.worker(1)
    compose = connect()
    compose.drain(unit(compose, "000000000001"))
    container.begin()

    again = unit(compose, "000000000001")

    assert (again.state, again.grace) == ("running", None)
    compose.drain(again)
    assert container.renamed.count("leaving") == 1


def test_a_copy_of_one_that_drains_does_not_take_its_name(engine: FakeEngine, connect: Connect) -> None:
    engine.stubborn = True
    engine.worker(1)
    compose = connect()
    compose.drain(unit(compose, "000000000001"))

    compose.scale(1)

    assert engine.find("shop-worker-2").networks == {NETWORK: {"Aliases": ["worker"]}}


def test_what_is_gone_already_is_cleared(engine: FakeEngine, connect: Connect) -> None:
    engine.worker(1)
    compose = connect()
    gone = unit(compose, "000000000001")
    engine.containers.clear()

    compose.clear(gone)
    engine.refusal = (500, "not now")
    with pytest.raises(EngineUnavailable, match="not now"):
        compose.clear(gone)


def test_a_drain_ends_with_the_container_taken_away_and_another_in_its_place(
    engine: FakeEngine, connect: Connect
) -> None:
    engine.worker(1)
    engine.worker(2)
    compose = connect()

    compose.drain(unit(compose, "000000000002"))
    reach(compose, 2)

    assert "SIGTERM shop-worker-2" in engine.calls
    assert "remove shop-worker-2" in engine.calls
    assert sum(each.state == "running" for each in compose.look()) == 2


def test_one_that_drains_is_killed_and_not_started_again(engine: FakeEngine, connect: Connect) -> None:
    engine.stubborn = True
    engine.worker(1)
    engine.worker(2)
    compose = connect()
    compose.scale(1)
    leaving = unit(compose, "000000000002")

    compose.kill(leaving)
    compose.replace(leaving)
    reach(compose, 1)

    assert engine.calls == ["SIGTERM shop-worker-2", "SIGKILL shop-worker-2", "remove shop-worker-2"]
