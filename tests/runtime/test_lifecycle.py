"""The one contract of everything that starts and stops."""

import asyncio

import pytest

from cluster.runtime.lifecycle import running


class Part:
    """Writes what happens to it into `story`."""

    def __init__(self, name: str, story: list[str], *, breaks: str = "") -> None:
        self._name, self._story, self._breaks = name, story, breaks

    async def start(self) -> None:
        await self._do("start")

    async def stop(self) -> None:
        await self._do("stop")

    async def _do(self, what: str) -> None:
        self._story.append(f"{what} {self._name}")
        await asyncio.sleep(0)
        if what == self._breaks:
            raise ValueError(what)


async def test_parts_start_in_order_and_stop_in_reverse() -> None:
    story: list[str] = []

    async with running(Part("a", story), Part("b", story)):
        story.append("work")

    assert story == ["start a", "start b", "work", "stop b", "stop a"]


async def test_a_start_that_fails_stops_what_had_started_and_what_was_starting() -> None:
    story: list[str] = []

    with pytest.raises(ValueError, match="start"):
        async with running(Part("a", story), Part("b", story, breaks="start"), Part("c", story)):
            story.append("work")

    assert story == ["start a", "start b", "stop b", "stop a"]


async def test_an_error_inside_stops_everything_and_is_not_lost() -> None:
    story: list[str] = []

    with pytest.raises(KeyError):
        async with running(Part("a", story)):
            raise KeyError

    assert story == ["start a", "stop a"]


async def test_a_stop_that_breaks_the_contract_does_not_keep_the_others_running() -> None:
    story: list[str] = []

    with pytest.raises(ValueError, match="stop"):
        async with running(Part("a", story), Part("b", story, breaks="stop")):
            pass

    assert story == ["start a", "start b", "stop b", "stop a"]


async def test_cancelling_stops_everything() -> None:
    story: list[str] = []

    async def work() -> None:
        async with running(Part("a", story)):
            await asyncio.sleep(600)

    task = asyncio.create_task(work())
    while not story:
        await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert story == ["start a", "stop a"]
