"""What waits for a slot: it is given back when others may be idle, and stays while a slot moves on."""

import asyncio

import pytest

from cluster.core.outcome import Released, Succeeded
from cluster.worker import slots as slots_module
from tests.fixtures.eventually import eventually
from tests.worker.bench import Bench, forever, nothing


async def test_what_waits_behind_long_runs_is_given_back_for_others_may_be_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots_module, "ANNOUNCE_NS", 20_000_000)
    bench = Bench(1, forever=forever)
    _, ahead = bench.give("forever", 2)
    busy = Released("every slot of this worker is busy with a long task")
    assert await bench.all_ended([ahead]) == [busy]
    # Also what comes when the long run has been told already.
    assert await bench.all_ended(bench.give("forever")) == [busy]
    bench.slots.cancel_all(None)


async def test_what_waits_can_be_given_back_while_what_runs_goes_on() -> None:
    go = asyncio.Event()

    async def gated() -> None:
        await go.wait()

    bench = Bench(1, gated=gated)
    first, *others = bench.give("gated", 3)
    bench.slots.release_waiting("the worker drains")
    assert await bench.all_ended(others) == [Released("the worker drains")] * 2
    assert {run.started for run in others} == {0}
    go.set()
    assert await bench.all_ended([first]) == [Succeeded()]


async def test_what_waits_behind_nothing_but_long_tasks_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "ANNOUNCE_NS", 20_000_000)
    go = asyncio.Event()

    async def gated() -> None:
        await go.wait()

    bench = Bench(2, gated=gated, nothing=nothing)
    long, ahead = bench.give("gated", 2), bench.give("nothing", 10)
    outcomes = await bench.all_ended(ahead)
    assert {type(outcome) for outcome in outcomes} == {Released}
    go.set()
    assert await bench.all_ended(long) == [Succeeded(), Succeeded()]


async def test_what_waits_for_long_is_given_back_though_one_slot_moves_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "PATIENCE_NS", 100_000_000)

    async def brief() -> None:
        await asyncio.sleep(0.01)

    bench = Bench(2, forever=forever, brief=brief)
    bench.give("forever")
    outcomes = await bench.all_ended(bench.give("brief", 1_000))
    began = outcomes.count(Succeeded())
    assert 0 < began < 1_000
    assert {type(outcome) for outcome in outcomes[began:]} == {Released}, "those that came last"
    bench.slots.cancel_all(None)


async def test_what_waits_stays_while_one_slot_moves_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "ANNOUNCE_NS", 20_000_000)
    go = asyncio.Event()

    async def gated() -> None:
        await go.wait()

    bench = Bench(2, gated=gated, nothing=nothing)
    [long] = bench.give("gated")
    await eventually(lambda: bench.started == [long])
    ahead = bench.give("nothing", 10)
    assert await bench.all_ended(ahead) == [Succeeded()] * 10
    go.set()
    await bench.all_ended([long])
