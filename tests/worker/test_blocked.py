"""Who blocks the task loop is noticed and named."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import structlog

from cluster.worker import blocked as blocked_module
from cluster.worker.blocked import NONE, BlockedLoop
from cluster.worker.executor import Executor
from cluster.worker.invoke import Prepared
from cluster.worker.registry import Handler
from cluster.worker.run import Run
from cluster.worker.vitals import Vitals
from tests.fixtures.eventually import eventually
from tests.worker.processes import Processes

RELEASE = threading.Event()


def deep() -> None:
    RELEASE.wait()


async def crunch() -> None:
    await asyncio.sleep(0)
    deep()


async def aside() -> None:
    await asyncio.gather(asyncio.create_task(crunch()))


@pytest_asyncio.fixture
async def executor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Executor]:
    monkeypatch.setattr(blocked_module, "BLOCKED_SECONDS", 0.05)
    RELEASE.clear()
    handlers = {name: Prepared(Handler(name, one)) for name, one in {"crunch": crunch, "aside": aside}.items()}
    executor = Executor(2, handlers, Processes(), lambda _started, _ended: None)
    await executor.start()
    yield executor
    RELEASE.set()
    await executor.stop()


async def seen(blocked: BlockedLoop, *, present: bool) -> None:
    async def look() -> bool:
        await blocked.step()
        return (blocked.present is not NONE) is present

    await eventually(look)


def names(lines: list[Any]) -> list[str]:
    return [line["event"] for line in lines]


async def test_it_is_told_once_with_the_task_and_the_place_and_once_when_it_is_over(executor: Executor) -> None:
    blocked = BlockedLoop(executor)
    run = Run(uuid4().bytes, 1, "crunch", b"{}", 1)
    with structlog.testing.capture_logs() as lines:
        executor.submit([run])
        await seen(blocked, present=True)
        for _ in range(3):
            await blocked.step()
        assert names(lines) == ["task_loop_blocked"]
        RELEASE.set()
        await seen(blocked, present=False)
    assert names(lines) == ["task_loop_blocked", "task_loop_free"]
    first, last = lines
    assert (first["command"], first["task_id"]) == ("crunch", str(run.uuid))
    assert [line.rpartition(" ")[2] for line in first["where"]][-2:] == ["deep", "crunch"]
    assert "test_blocked.py:" in first["where"][-1]
    assert not any("invoke.py" in line for line in first["where"])
    assert last["command"] == "crunch"
    assert last["seconds"] >= 0


async def test_a_coroutine_beside_a_task_is_named_by_its_code(executor: Executor) -> None:
    blocked = BlockedLoop(executor)
    executor.submit([Run(uuid4().bytes, 1, "aside", b"{}", 1)])
    await seen(blocked, present=True)
    assert blocked.present.doing.command != ""
    assert blocked.present.doing.task_id == ""
    assert any(line.endswith(" crunch") for line in blocked.present.doing.stack)


async def test_a_heartbeat_tells_what_goes_on_or_what_was_since_the_last(executor: Executor) -> None:
    blocked = BlockedLoop(executor)
    vitals = Vitals(executor.lag, blocked.latest)
    assert (vitals.health().blocked_by, vitals.health().blocked_seconds) == ("", 0.0)
    executor.submit([Run(uuid4().bytes, 1, "crunch", b"{}", 1)])
    await seen(blocked, present=True)
    for _ in range(2):
        health = vitals.health()
        assert health.blocked_by == "crunch"
        assert health.blocked_seconds >= blocked_module.BLOCKED_SECONDS
    RELEASE.set()
    await seen(blocked, present=False)
    assert vitals.health().blocked_by == "crunch"
    assert vitals.health().blocked_by == ""


async def test_a_loop_that_answers_is_not_blocked(executor: Executor) -> None:
    blocked = BlockedLoop(executor)
    for _ in range(20):
        await blocked.step()
        await asyncio.sleep(0.01)
    assert blocked.latest() is NONE
