"""Answers that many share: never older than they may be, and never from before a change."""

import asyncio
from http import HTTPStatus

import pytest

from cluster.core.errors import StoreUnavailable
from cluster.edge.answer import Answer
from cluster.edge.remembered import Remembered


class Maker:
    """Makes answers that are numbered. State: how many, and a gate that holds up those under way."""

    def __init__(self):
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self):
        self.made += 1
        number = self.made
        await self.gate.wait()
        return Answer(HTTPStatus.OK, b"%d" % number)


@pytest.fixture
def make():
    return Maker()


async def test_who_asks_within_the_time_shares_an_answer(make):
    remembered = Remembered(60)
    first, second = [await remembered.get("q", make) for _ in range(2)]
    assert first is second
    assert (await remembered.get("another", make)).body == b"2"


async def test_who_asks_while_one_is_made_gets_the_next_together_with_the_others(make):
    remembered = Remembered()
    make.gate.clear()
    early = asyncio.create_task(remembered.get("q", make))
    await asyncio.sleep(0)
    late = [asyncio.create_task(remembered.get("q", make)) for _ in range(20)]
    await asyncio.sleep(0)
    make.gate.set()
    assert (await early).body == b"1"
    assert {(await one).body for one in late} == {b"2"}
    assert (await remembered.get("q", make)).body == b"3"


async def test_what_was_under_way_when_something_changed_is_shown_to_nobody_who_asks_afterwards(make):
    remembered = Remembered(60)
    make.gate.clear()
    early = asyncio.create_task(remembered.get("q", make))
    await asyncio.sleep(0)
    remembered.forget()
    make.gate.set()
    assert (await early).body == b"1"
    assert (await remembered.get("q", make)).body == b"2"


async def test_what_failed_is_not_remembered(make):
    async def fail():
        raise ValueError("not now")

    remembered = Remembered(60)
    with pytest.raises(ValueError, match="not now"):
        await remembered.get("q", fail)
    assert (await remembered.get("q", make)).body == b"1"


async def test_who_waits_while_it_fails_shares_the_next_failure_with_the_others(make):
    async def fail():
        await make()
        raise StoreUnavailable

    remembered = Remembered(60)
    make.gate.clear()
    early = asyncio.create_task(remembered.get("q", fail))
    await asyncio.sleep(0)
    late = [asyncio.create_task(remembered.get("q", fail)) for _ in range(20)]
    await asyncio.sleep(0)
    make.gate.set()
    failures = await asyncio.gather(early, *late, return_exceptions=True)
    assert [type(failure) for failure in failures] == [StoreUnavailable] * 21
    assert make.made == 2
    assert (await remembered.get("q", make)).body == b"3"
