"""Plain functions run where they can be killed."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import pytest_asyncio

from cluster.core.outcome import Failed, Outcome, Succeeded
from cluster.worker.children import Children
from cluster.worker.guardian import Guardian
from cluster.worker.progress import unheard
from cluster.worker.run import Run
from tests.fixtures.eventually import eventually

MODULE = "tests.worker.sample_tasks"


@pytest_asyncio.fixture
async def children() -> AsyncIterator[Children]:
    guardian = Guardian()
    children = Children([MODULE], "json", guardian)
    yield children
    await children.stop()
    assert repr(children) == "<Children idle=0 busy=0 leaving=0>"
    assert "groups=0" in repr(guardian)
    await guardian.stop()
    assert not _ours()


def _ours() -> list[psutil.Process]:
    """Children of this process that run tasks."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # also what is a zombie already
            if "cluster.worker.child" in child.cmdline():
                found.append(child)
    return found


def run(command: str, timeout: float | None = None, **payload: object) -> Run:
    return Run(uuid4().bytes, 1, command, json.dumps(payload).encode(), 2, timeout=timeout)


async def result(children: Children, one: Run) -> object:
    outcome = await children.run(one, unheard)
    assert isinstance(outcome, Succeeded), outcome
    return json.loads(outcome.result or b"null")


async def test_children_are_started_when_needed_and_kept_warm(children: Children) -> None:
    assert not _ours()
    first = await result(children, run("pid"))
    assert first != os.getpid()
    assert await result(children, run("pid")) == first
    assert len(_ours()) == 1


async def test_runs_at_the_same_time_have_a_process_each(children: Children) -> None:
    pids = await asyncio.gather(*(result(children, run("sync-wait", seconds=0.3)) for _ in range(2)))
    assert len(set(pids)) == 2
    assert await result(children, run("pid")) in pids


async def test_the_context_and_the_arguments_are_the_same_as_on_the_task_loop(children: Children) -> None:
    one = run("sync-who-am-i")
    assert await result(children, one) == {
        "task_id": str(one.uuid),
        "attempt": 2,
        "command": "sync-who-am-i",
        "stdin": "",
    }
    assert await children.run(run("sync-wait"), unheard) == Failed("argument 'seconds' is missing", permanent=True)


async def test_what_a_function_raises_is_told_and_its_process_lives_on(children: Children) -> None:
    first = await result(children, run("pid"))
    outcome = await children.run(run("sync-raise"), unheard)
    assert isinstance(outcome, Failed)
    assert outcome.error.endswith("ValueError: from a child")
    assert "invoke.py" not in outcome.error
    outcome = await children.run(run("system-exit"), unheard)
    assert isinstance(outcome, Failed)
    assert outcome.error.endswith("SystemExit: 3")
    assert await result(children, run("pid")) == first


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (run("exit", code=3), "its process ended with exit code 3"),
        (run("segfault"), "its process ended with signal SIGSEGV"),
    ],
    ids=["exit", "segfault"],
)
async def test_a_crash_fails_its_task_alone(children: Children, one: Run, said: str) -> None:
    first = await result(children, run("pid"))
    assert await children.run(one, unheard) == Failed(said)
    assert await result(children, run("pid")) != first


async def test_a_function_that_closes_the_way_to_its_worker_and_goes_on_fails(children: Children) -> None:
    async with asyncio.timeout(10):
        outcome = await children.run(run("hang-up", timeout=60), unheard)
    assert isinstance(outcome, Failed)
    assert "closed" in outcome.error


async def test_a_child_that_died_while_idle_fails_nobody(children: Children) -> None:
    first = await result(children, run("pid"))
    (child,) = _ours()
    child.kill()
    await eventually(lambda: child.status() == psutil.STATUS_ZOMBIE)
    assert await result(children, run("pid")) != first


async def test_a_run_is_killed_at_its_timeout_with_everything_it_started(children: Children, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    outcome = await children.run(run("grandchild", timeout=1.0, path=str(pid_file)), unheard)
    assert outcome == Failed("timed out after 1 s")
    assert not psutil.pid_exists(int(pid_file.read_text())) or await eventually(
        lambda: _gone(int(pid_file.read_text()))
    )


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_cancelled_run_is_killed(children: Children) -> None:
    running: asyncio.Task[Outcome] = asyncio.create_task(children.run(run("sync-wait", seconds=60), unheard))
    await eventually(_ours)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await eventually(lambda: not _ours())


async def test_a_child_that_cannot_load_its_modules_fails_the_task() -> None:
    guardian = Guardian()
    children = Children(["tests.worker.broken_tasks"], "json", guardian)
    assert await children.run(run("pid"), unheard) == Failed("its process ended with exit code 1 before it was ready")
    await children.stop()
    await guardian.stop()


async def test_starting_many_beside_grpc_crashes_none(children: Children) -> None:
    for _ in range(10):
        assert await children.run(run("exit", code=7), unheard) == Failed("its process ended with exit code 7")


async def test_what_a_function_says_of_its_progress_is_heard_and_nothing_after_its_end(children: Children) -> None:
    heard: list[tuple[Run, float, str]] = []
    one = run("sync-report", seconds=1.2, words=[[0.1, "first"], [0.2, "lost"], [0.3, "latest"]])
    assert await children.run(one, lambda *word: heard.append(word)) == Succeeded()
    assert heard[:2] == [(one, 0.1, "first"), (one, 0.3, "latest")]
    assert {word[2] for word in heard} <= {"first", "latest", "at its very end"}
    before = len(heard)
    await result(children, run("pid"))
    assert len(heard) == before


async def test_nothing_is_left_of_many_runs_that_end_in_every_way(children: Children) -> None:
    for _ in range(5):
        await asyncio.gather(
            children.run(run("pid"), unheard),
            children.run(run("sync-raise"), unheard),
            children.run(run("exit", code=3), unheard),
            children.run(run("sync-wait", timeout=0.05, seconds=60), unheard),
        )
    for _ in range(300):
        await children.run(run("pid"), unheard)
    await eventually(lambda: repr(children).endswith("busy=0 leaving=0>"))
    assert len(_ours()) <= 4
