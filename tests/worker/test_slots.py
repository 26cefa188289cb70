"""Who runs, and what becomes of a run: the slots on a loop of the test's own."""

import asyncio
import contextvars

import pytest

from cluster.core.outcome import Failed, Released, Succeeded
from cluster.worker import slots as slots_module
from cluster.worker.run import Run
from tests.fixtures.eventually import eventually
from tests.worker.bench import Bench, forever, nothing


class Odd(BaseException):
    """What no `except Exception` catches."""


async def test_never_more_than_the_slots_run_and_the_others_keep_their_order() -> None:
    order, running, most = [], 0, 0

    async def count() -> None:
        nonlocal running, most
        order.append(asyncio.current_task())
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    bench = Bench(3, count=count)
    runs = bench.give("count", 50)
    await bench.all_ended(runs)
    assert most == 3
    assert len(order) == 50
    assert [run.started for run in runs] == sorted(run.started for run in runs)
    assert all(run.finished >= run.started for run in runs)


async def test_nothing_is_kept_of_a_run_that_ended() -> None:
    bench = Bench(2, nothing=nothing)
    runs = bench.give("nothing", 10)
    await bench.all_ended(runs)
    assert {(run.payload, run.task) for run in runs} == {(b"", None)}
    assert repr(bench.slots) == "<Slots 0/2 waiting=0>"


async def test_context_variables_of_one_task_do_not_reach_the_next() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="fresh")
    seen: list[str] = []

    async def touch() -> None:
        seen.append(variable.get())
        variable.set("used")

    variable.set("of the test")
    bench = Bench(1, touch=touch)
    await bench.all_ended(bench.give("touch", 3))
    assert seen == ["fresh"] * 3


async def test_a_run_is_cancelled_at_its_timeout_and_its_slot_is_free() -> None:
    bench = Bench(1, forever=forever, nothing=nothing)
    late, next_one = bench.give("forever", timeout=0.05), bench.give("nothing")
    assert await bench.all_ended(late) == [Failed("timed out after 0.05 s")]
    assert await bench.all_ended(next_one) == [Succeeded()]


async def test_a_run_that_swallows_its_cancellation_is_abandoned_after_a_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "CANCEL_GRACE_NS", 50_000_000)
    leave = asyncio.Event()

    async def stubborn() -> str:
        while not leave.is_set():
            try:
                await leave.wait()
            except asyncio.CancelledError:
                continue
        return "too late"

    bench = Bench(1, stubborn=stubborn, nothing=nothing)
    held, next_one = bench.give("stubborn", timeout=0.01), bench.give("nothing")
    assert await bench.all_ended(held) == [Failed("timed out after 0.01 s")]
    assert await bench.all_ended(next_one) == [Succeeded()]

    # When it ends after all, nobody is told a second time and no slot is freed twice.
    assert bench.slots.abandoned == 1
    leave.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert bench.ended == [*held, *next_one]
    assert bench.slots.abandoned == 0
    assert repr(bench.slots) == "<Slots 0/1 waiting=0>"


async def test_only_what_lasts_is_announced_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "ANNOUNCE_NS", 20_000_000)
    go = asyncio.Event()

    async def gated() -> None:
        await go.wait()

    bench = Bench(5, gated=gated, nothing=nothing)
    short, long = bench.give("nothing", 3), bench.give("gated", 2)
    await eventually(lambda: len(bench.started) == 2)
    go.set()
    await bench.all_ended([*short, *long])
    assert set(bench.started) == set(long)


async def test_what_is_cancelled_in_the_turn_it_was_taken_frees_its_slot() -> None:
    bench = Bench(1, forever=forever, nothing=nothing)
    bench.give("forever", 3)
    bench.slots.cancel_all(None)
    assert await bench.all_ended(bench.give("nothing")) == [Succeeded()]
    assert len(bench.ended) == 1


async def test_what_had_ended_when_all_was_cancelled_in_silence_is_reported() -> None:
    bench = Bench(2, nothing=nothing, forever=forever)
    bench.give("forever")
    (done,) = bench.give("nothing")
    while done.outcome is None:
        await asyncio.sleep(0)
    bench.slots.cancel_all(None)
    last = bench.give("nothing")
    await bench.all_ended(last)
    assert bench.ended == [done, *last]


async def test_one_run_can_be_ended_in_silence_waiting_or_running() -> None:
    bench = Bench(1, forever=forever, nothing=nothing)
    (running,), (waiting,), last = bench.give("forever"), bench.give("forever"), bench.give("nothing")
    bench.slots.cancel([running, waiting], None)
    await bench.all_ended(last)
    assert bench.ended == last


async def test_a_run_that_succeeded_in_spite_of_being_given_back_has_succeeded() -> None:
    async def finishes_anyway() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "done"
        return "never"

    bench = Bench(1, finishes_anyway=finishes_anyway)
    given_back = bench.give("finishes_anyway")
    await asyncio.sleep(0)
    bench.slots.cancel_all(Released("the worker had to stop"))
    assert await bench.all_ended(given_back) == [Succeeded(b'"done"')]

    timed_out = bench.give("finishes_anyway", timeout=0.01)
    assert await bench.all_ended(timed_out) == [Failed("timed out after 0.01 s")]


async def test_an_unknown_command_is_given_back() -> None:
    bench = Bench(1)
    assert await bench.all_ended(bench.give("unknown")) == [Released("this worker does not know the command")]


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), ValueError("x"), asyncio.CancelledError(), Odd()]
)
async def test_whatever_a_function_raises_is_its_failure_and_not_ours(error: BaseException) -> None:
    async def raises() -> None:
        raise error

    async def quiet() -> None: ...

    bench = Bench(1, raises=raises, quiet=quiet)
    raised, next_one = bench.give("raises"), bench.give("quiet")
    (outcome,) = await bench.all_ended(raised)
    assert isinstance(outcome, Failed)
    assert await bench.all_ended(next_one) == [Succeeded()]


def plain() -> None: ...


async def test_a_plain_function_goes_to_a_process_and_takes_a_slot() -> None:
    bench = Bench(1, plain=plain, nothing=nothing)
    # The process keeps its own timeout: it begins when the process is ready.
    sync, waiting = bench.give("plain", timeout=0.001), bench.give("nothing")
    await asyncio.sleep(0.01)
    assert (bench.ended, bench.processes.running) == ([], sync)
    bench.processes.end(sync, Succeeded(b"1"))
    assert await bench.all_ended([*sync, *waiting]) == [Succeeded(b"1"), Succeeded()]


async def test_plain_functions_are_begun_and_ended_together() -> None:
    bench = Bench(3, plain=plain)
    begun: list[list[Run]] = []
    bench.processes.begin = begun.append  # type: ignore[method-assign]
    runs = bench.give("plain", 9)
    for first in (0, 3, 6):
        assert begun.pop() == runs[first : first + 3]
        bench.slots.ended([(run, Succeeded()) for run in runs[first : first + 3]])
    assert not begun
    await bench.all_ended(runs)


async def test_a_plain_function_is_killed_and_its_slot_is_free() -> None:
    bench = Bench(1, plain=plain, nothing=nothing)
    first, second = bench.give("plain", 2)
    bench.slots.cancel([first], Released("enough"))
    assert await bench.all_ended([first]) == [Released("enough")]
    bench.slots.cancel([second], None)
    assert await bench.all_ended(bench.give("nothing")) == [Succeeded()]
    assert second not in bench.ended


async def test_a_plain_function_that_ended_before_it_could_be_killed_has_ended() -> None:
    bench = Bench(1, plain=plain)
    (run,) = bench.give("plain")
    bench.processes.running.clear()
    bench.slots.cancel([run], Released("enough"))
    bench.slots.ended([(run, Succeeded(b"1"))])
    assert await bench.all_ended([run]) == [Succeeded(b"1")]


async def test_outcomes_wait_for_company_only_while_others_wait_for_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.worker.gathering.LINGER_SECONDS", 60.0)
    bench = Bench(1, plain=plain)
    first, second, third = bench.give("plain", 3)
    bench.slots.ended([(first, Succeeded())])
    bench.slots.ended([(second, Succeeded())])
    await asyncio.sleep(0)
    assert (bench.ended, bench.processes.running[-1]) == ([], third)
    bench.slots.ended([(third, Succeeded())])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bench.ended == [first, second, third]
