"""The one periodic loop."""

import asyncio

import pytest

from cluster.core.errors import StoreUnavailable
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from tests.fixtures.eventually import eventually

NEVER = 600.0


class Counter:
    """A step that counts its turns, and does `then` in each."""

    def __init__(self) -> None:
        self.turns = 0
        self.pause: float | None = None
        self.error: Exception | None = None

    async def step(self) -> float | None:
        self.turns += 1
        if self.error is not None:
            raise self.error
        return self.pause


async def test_the_first_step_comes_at_once_and_the_next_after_the_interval() -> None:
    counter = Counter()
    ticker = Ticker("count", 0.001, counter.step)
    await ticker.start()

    await eventually(lambda: counter.turns >= 3)
    await ticker.stop()


async def test_a_number_that_a_step_returns_is_the_next_pause() -> None:
    counter = Counter()
    counter.pause = 0.0
    ticker = Ticker("count", NEVER, counter.step)
    await ticker.start()

    await eventually(lambda: counter.turns >= 3)
    await ticker.stop()


async def test_waking_ends_the_pause() -> None:
    counter = Counter()
    ticker = Ticker("count", NEVER, counter.step)
    await ticker.start()
    await eventually(lambda: counter.turns == 1)

    ticker.wake()

    await eventually(lambda: counter.turns == 2)
    await ticker.stop()


async def test_waking_during_a_step_makes_another_one_follow() -> None:
    turns: list[int] = []
    ticker: Ticker

    async def step() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            ticker.wake()

    ticker = Ticker("self-waking", NEVER, step)
    await ticker.start()

    await eventually(lambda: len(turns) == 2)
    await ticker.stop()


@pytest.mark.parametrize("error", [StoreUnavailable(), ValueError("a bug")])
async def test_an_error_is_an_event_and_not_the_end(error: Exception) -> None:
    counter = Counter()
    counter.error = error
    before = telemetry.counts().get("loop_failed", 0)
    ticker = Ticker("failing", NEVER, counter.step, worst_pause=0.001)
    await ticker.start()

    await eventually(lambda: counter.turns >= 3)
    await ticker.stop()

    assert telemetry.counts()["loop_failed"] >= before + 2


async def test_errors_in_a_row_are_told_ever_less_often_and_so_is_that_they_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[object] = []
    monkeypatch.setattr(telemetry, "emit", lambda event, **fields: told.append((event, fields["failures"])))
    counter = Counter()
    counter.error = StoreUnavailable()
    ticker = Ticker("failing", NEVER, counter.step, worst_pause=0.001)
    await ticker.start()

    await eventually(lambda: counter.turns >= 20)
    failed, counter.error = counter.turns, None
    await eventually(lambda: told[-1] == ("loop_goes_on", failed))
    await ticker.stop()

    assert told[:-1] == [("loop_failed", failures) for failures in (1, 2, 4, 8, 16, 32, 64) if failures <= failed]


async def test_stop_cancels_the_step_in_progress() -> None:
    story: list[str] = []

    async def step() -> None:
        story.append("begun")
        try:
            await asyncio.sleep(NEVER)
        finally:
            story.append("cancelled")

    ticker = Ticker("long", NEVER, step)
    await ticker.start()
    await eventually(lambda: story)

    await ticker.stop()

    assert story == ["begun", "cancelled"]
    assert "stopped" in repr(ticker)


async def test_a_step_that_swallows_its_cancellation_is_still_the_last_one() -> None:
    turns: list[int] = []

    async def step() -> None:
        turns.append(1)
        try:
            await asyncio.sleep(NEVER)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    ticker = Ticker("deaf", 0.0, step)
    await ticker.start()
    await eventually(lambda: turns)

    async with asyncio.timeout(30):
        await ticker.stop()

    assert len(turns) == 1


async def test_a_step_may_stop_its_own_ticker() -> None:
    story: list[str] = []
    ticker: Ticker

    async def step() -> None:
        await ticker.stop()
        await asyncio.sleep(0)
        story.append("finished")

    ticker = Ticker("last", 0.0, step)
    await ticker.start()

    await eventually(lambda: "stopped" in repr(ticker))
    assert story == ["finished"]


async def test_cancelling_who_stops_a_ticker_is_not_swallowed() -> None:
    released = asyncio.Event()

    async def step() -> None:
        try:
            await asyncio.sleep(NEVER)
        finally:
            await released.wait()

    ticker = Ticker("slow to end", NEVER, step)
    await ticker.start()
    await asyncio.sleep(0)
    stopping = asyncio.create_task(ticker.stop())
    await asyncio.sleep(0)

    stopping.cancel()

    with pytest.raises(asyncio.CancelledError):
        await stopping
    released.set()
    await ticker.stop()


async def test_stop_before_start_twice_and_start_again() -> None:
    counter = Counter()
    ticker = Ticker("count", NEVER, counter.step)

    await ticker.stop()
    await ticker.start()
    await ticker.start()
    await eventually(lambda: counter.turns == 1)
    await ticker.stop()
    await ticker.stop()
    await ticker.start()
    await eventually(lambda: counter.turns == 2)
    await ticker.stop()


async def test_two_who_stop_it_both_wait_for_its_end() -> None:
    story: list[str] = []

    async def step() -> None:
        try:
            await asyncio.sleep(NEVER)
        finally:
            await asyncio.sleep(0.01)
            story.append("ended")

    ticker = Ticker("shared", NEVER, step)
    await ticker.start()
    await asyncio.sleep(0)

    async def stop() -> list[str]:
        await ticker.stop()
        return list(story)

    assert await asyncio.gather(stop(), stop()) == [["ended"], ["ended"]]
