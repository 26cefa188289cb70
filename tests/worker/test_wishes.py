"""Retry and Cancel: what a task may ask for instead of a result."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from cluster import Cancel, Retry
from cluster.core.limits import DELAY_SECONDS_MAX
from cluster.core.outcome import Cancelled, Failed, Outcome, Released
from cluster.worker import reports
from cluster.worker.children import Children
from cluster.worker.guardian import Guardian
from cluster.worker.invoke import Prepared
from cluster.worker.run import Run
from cluster.worker.slots import _final
from tests.worker.processes import Called, outcome_of

WISHES = [
    ("retry", Failed("not yet", retry_in=7.5)),
    ("retry-plain", Failed("the task asked to be run again")),
    ("cancel", Cancelled("no need")),
]


def run(command: str, wish: str, how: str) -> Run:
    return Run(bytes(16), 1, command, f'{{"wish": "{wish}", "how": "{how}"}}'.encode(), 1)


@pytest_asyncio.fixture
async def children() -> AsyncIterator[Called]:
    guardian = Guardian()
    children = Children(["tests.worker.sample_tasks"], "json", guardian)
    await children.start()
    yield Called(children)
    await children.stop()
    await guardian.stop()


@pytest.mark.parametrize(("wish", "outcome"), WISHES)
@pytest.mark.parametrize("how", ["return", "raise"])
async def test_a_coroutine_may_return_or_raise_what_it_wishes(
    handlers: dict[str, Prepared], wish: str, how: str, outcome: Outcome
) -> None:
    assert await outcome_of(handlers["wish"], run("wish", wish, how)) == outcome


async def test_so_may_a_plain_function_in_its_process(children: Called) -> None:
    for wish, outcome in WISHES:
        for how in ("return", "raise"):
            assert await children.run(run("sync-wish", wish, how)) == outcome


def test_a_delay_is_seconds_or_a_timedelta() -> None:
    assert reports.returned(Retry(timedelta(minutes=2))) == Failed("the task asked to be run again", retry_in=120.0)
    assert reports.returned(Retry(0)) == Failed("the task asked to be run again", retry_in=0.0)


@pytest.mark.parametrize(
    "delay", [-1, float("nan"), float("inf"), "5", True, DELAY_SECONDS_MAX + 1, timedelta(seconds=-1), [5]]
)
def test_a_delay_that_is_none_says_so(delay: Any) -> None:
    with pytest.raises(ValueError, match=r"Retry: in_ must be a timedelta or a number of seconds from 0 to .*; it is "):
        Retry(delay)


@pytest.mark.parametrize("wish", [Retry, Cancel])
def test_a_reason_that_is_no_text_says_so(wish: Any) -> None:
    with pytest.raises(TypeError, match="reason must be a text; it is 5"):
        wish(reason=5)


def test_a_retry_without_a_reason_tells_the_error_that_led_to_it() -> None:
    try:
        try:
            raise ValueError("the other side is busy")
        except ValueError:
            raise Retry(in_=3)  # noqa: B904
    except Retry as wish:
        told = reports.raised(wish)
    assert told == Failed("the task asked to be run again: ValueError: the other side is busy", retry_in=3.0)


def test_a_reason_is_cut_and_holds_no_nul() -> None:
    told = reports.returned(Cancel("\0" + "x" * 100_000))
    assert isinstance(told, Cancelled)
    assert len(told.reason.encode()) <= 16 * 1024
    assert "\0" not in told.reason


def test_a_task_that_wants_to_be_cancelled_is_not_given_back() -> None:
    assert _final(Released("the worker had to stop"), Cancelled("no need")) == Cancelled("no need")


def test_wishes_show_what_they_are() -> None:
    assert repr(Retry(5, "busy")) == "Retry(in_=5.0, reason='busy')"
    assert repr(Cancel("done")) == "Cancel(reason='done')"
