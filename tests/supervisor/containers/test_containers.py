"""Orders to workers in containers, and their ends, on an engine that only notes what it is told."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cluster.core.errors import EngineUnavailable
from cluster.runtime.lifecycle import running
from cluster.supervisor.report import make_report
from cluster.supervisor.runtimes.containers import containers as module
from cluster.supervisor.runtimes.containers.containers import Containers
from cluster.supervisor.runtimes.containers.engine import Unit
from tests.fixtures.eventually import eventually


class NotedEngine:
    """Replaces nothing by itself. State: the units it shows, what it was told, how many steps a scale takes, and
    whether it refuses.
    """

    replaces = False

    def __init__(self, *units: Unit) -> None:
        self.units: Sequence[Unit] = units
        self.told: list[str] = []
        self.steps = 1
        self.refuses = False
        self.closed = False
        self.threads: set[int] = set()

    def look(self) -> Sequence[Unit]:
        self._answer("look")
        return self.units

    def scale(self, count: int) -> bool:
        self._answer(f"scale {count}")
        self.steps -= 1
        return self.steps <= 0

    def kill(self, unit: Unit) -> None:
        self._answer(f"kill {unit.key}")

    def drain(self, unit: Unit) -> None:
        self._answer(f"drain {unit.key}")

    def clear(self, unit: Unit) -> None:
        self._answer(f"clear {unit.key}")

    def replace(self, unit: Unit) -> None:
        self._answer(f"replace {unit.key}")

    def close(self) -> None:
        self.closed = True

    def orders(self) -> list[str]:
        return [told for told in self.told if told != "look"]

    def _answer(self, told: str) -> None:
        self.told.append(told)
        self.threads.add(threading.get_ident())
        if self.refuses:
            raise EngineUnavailable("not now")


def unit(number: int, state: str = "running") -> Unit:
    return Unit(key=f"c{number}", name=f"w{number}", host=f"h{number}", state=state, life=f"c{number} 1")


def told(containers: Containers) -> list[tuple[str, str, int, bool]]:
    return [(end.name, end.host, end.code, end.ordered) for end in containers.exits.untold()]


async def test_an_order_to_scale_is_carried_out_and_forgotten() -> None:
    engine = NotedEngine(unit(1))
    containers = Containers(engine)
    await containers.step()

    await containers.scale(3)
    engine.units = [unit(1), unit(2), unit(3)]
    await containers.step()
    assert containers.desired == 3
    # Somebody else's word counts, too.
    engine.units = [unit(1), unit(2)]
    await containers.step()

    assert containers.desired == 2
    assert engine.orders() == ["scale 3"]


async def test_what_takes_several_steps_is_gone_on_with_until_it_is_done() -> None:
    engine = NotedEngine(unit(1))
    engine.steps = 3
    containers = Containers(engine)
    await containers.scale(9)

    while containers.desired == 9:
        assert await containers.step() == module.STEP_PAUSE

    assert engine.orders() == ["scale 9"] * 3
    assert containers.desired == 1


async def test_the_newest_order_counts() -> None:
    engine = NotedEngine()
    engine.steps = 3
    containers = Containers(engine)

    await containers.scale(9)
    await containers.scale(2)
    await containers.step()

    assert engine.orders() == ["scale 9", "scale 2", "scale 2"]


async def test_what_the_engine_refuses_is_refused_and_not_tried_again() -> None:
    engine = NotedEngine()
    engine.refuses = True
    containers = Containers(engine)

    with pytest.raises(EngineUnavailable, match="not now"):
        await containers.scale(3)

    engine.refuses = False
    await containers.step()
    assert engine.orders() == ["scale 3"]


async def test_a_worker_that_is_killed_is_told_as_ordered_before_it_is_replaced() -> None:
    engine = NotedEngine(unit(1), unit(2))
    containers = Containers(engine)
    await containers.step()
    before = []
    engine.replace = lambda killed: before.append((killed.key, told(containers)))

    assert await containers.kill("w2")

    assert engine.orders() == ["kill c2"]
    assert before == [("c2", [("w2", "h2", -9, True)])]
    assert containers.changed.is_set()


async def test_an_end_by_order_is_not_told_again_as_nobodys() -> None:
    engine = NotedEngine(unit(1))
    containers = Containers(engine)
    await containers.kill("w1")

    await containers.step()
    engine.units = [replace(unit(1), life="c1 2")]
    await containers.step()
    assert told(containers) == [("w1", "h1", -9, True)]

    # The next life of the same container is another matter.
    engine.units = [replace(unit(1), life="c1 2", state="", code=1)]
    await containers.step()
    assert told(containers)[1:] == [("w1", "h1", 1, False)]


async def test_only_a_worker_that_is_there_is_killed_or_drained() -> None:
    engine = NotedEngine(unit(1))

    assert not await Containers(engine).kill("c1")
    assert not await Containers(engine).drain("c1")
    assert engine.orders() == []


async def test_a_worker_that_drains_is_replaced_and_told_to_only_once() -> None:
    engine = NotedEngine(unit(1), unit(2))
    containers = Containers(engine)
    await containers.step()

    assert await containers.drain("w2")
    engine.units = [unit(1), unit(2, "draining")]
    assert await containers.drain("w2")

    assert engine.orders() == ["drain c2", "scale 2"]


async def test_a_drain_leaves_as_many_workers_as_stay_not_those_that_leave_already() -> None:
    # A container that drains stands beside the one that has its place.
    engine = NotedEngine(unit(1, "draining"), unit(2), unit(3))
    containers = Containers(engine)
    await containers.step()

    assert await containers.drain("w2")

    assert engine.orders() == ["drain c2", "scale 2"]


async def test_who_does_not_drain_in_time_is_killed_by_whichever_supervisor_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = NotedEngine(unit(1), replace(unit(2, "draining"), grace=40.0))
    # It was told before this one began.
    containers = Containers(engine)
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])

    for now in (100.0, 139.0):
        clock[0] = now
        await containers.step()
    assert engine.orders() == []
    clock[0] = 140.0
    await containers.step()

    assert engine.orders() == ["kill c2"]
    engine.units = [unit(1), replace(unit(2, ""), code=-9)]
    await containers.step()
    assert told(containers) == [("w2", "h2", -9, True)]


async def test_what_has_drained_is_cleared_away() -> None:
    engine = NotedEngine(unit(1), replace(unit(2, ""), grace=40.0), unit(3, ""))

    await Containers(engine).step()

    assert engine.orders() == ["clear c2"]


@pytest.mark.parametrize("state", ["starting", "backing_off", ""])
async def test_where_nothing_runs_there_is_nothing_to_drain(state: str) -> None:
    engine = NotedEngine(unit(1, state))

    assert not await Containers(engine).drain("w1")
    assert engine.orders() == []


async def test_a_worker_that_is_dead_is_only_replaced() -> None:
    # The supervisor that killed it was stopped in between, and the order came again.
    engine = NotedEngine(unit(1, ""))
    containers = Containers(engine)

    assert await containers.kill("w1")

    assert engine.orders() == ["replace c1"]
    assert told(containers) == []


async def test_an_end_is_dated_by_the_look_that_saw_it_running(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = NotedEngine(unit(1))
    containers = Containers(engine)
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    await containers.step()
    clock[0] = 101.0
    engine.units = [replace(unit(1), life="c1 2")]
    await containers.step()

    clock[0] = 102.5
    [end] = containers.exits.untold()

    # A session that began in the last 2.5 s may be that of the next life.
    assert end.ago_milliseconds == 2500


async def test_a_report_tells_the_workers_that_are_there() -> None:
    containers = Containers(NotedEngine(unit(1), unit(2, "draining"), unit(3, "")))
    await containers.step()

    report = make_report("me", "here", containers)

    assert [(child.name, child.role, child.state, child.pid) for child in report.children] == [
        ("w1", "worker", "running", 0),
        ("w2", "worker", "draining", 0),
    ]
    assert report.desired_workers == 1


async def test_the_engine_is_asked_in_threads_one_question_at_a_time() -> None:
    engine = NotedEngine(*map(unit, range(20)))
    inside, most = [0], [0]
    look = engine.look

    def slow_look() -> Sequence[Unit]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        try:
            return look()
        finally:
            inside[0] -= 1

    engine.look = slow_look
    containers = Containers(engine)

    await asyncio.gather(*(containers.kill(f"w{number}") for number in range(20)))

    assert most == [1]
    assert threading.get_ident() not in engine.threads


async def test_an_engine_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    engine = NotedEngine()
    engine.look = lambda: (answer.wait(), [])[1]
    monkeypatch.setattr(module, "CALL_SECONDS", 0.05)
    try:
        with pytest.raises(EngineUnavailable, match="did not answer"):
            await Containers(engine).step()
    finally:
        answer.set()


async def test_it_goes_on_when_the_engine_comes_back_and_kills_nobody_when_it_stops() -> None:
    engine = NotedEngine(unit(1))
    engine.refuses = True
    containers = Containers(engine, interval=0.01)
    async with running(containers):
        await eventually(lambda: len(engine.told) > 2)
        engine.refuses = False
        await eventually(lambda: containers.members())
        containers.stop_at_once()

    assert engine.orders() == []
    assert engine.closed
