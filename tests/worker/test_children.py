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
from tests.worker.processes import Called

MODULE = "tests.worker.sample_tasks"


@pytest_asyncio.fixture
async def children() -> AsyncIterator[Called]:
    guardian = Guardian()
    children = Children([MODULE], "json", guardian)
    await children.start()
    yield Called(children)
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


async def result(children: Called, one: Run) -> object:
    outcome = await children.run(one)
    assert isinstance(outcome, Succeeded), outcome
    return json.loads(outcome.result or b"null")


async def test_children_are_started_when_needed_and_kept_warm(children: Called) -> None:
    assert not _ours()
    first = await result(children, run("pid"))
    assert first != os.getpid()
    assert await result(children, run("pid")) == first
    assert len(_ours()) == 1


async def test_runs_at_the_same_time_have_a_process_each(children: Called) -> None:
    pids = await asyncio.gather(*(result(children, run("sync-wait", seconds=0.3)) for _ in range(2)))
    assert len(set(pids)) == 2
    assert await result(children, run("pid")) in pids


async def test_the_context_and_the_arguments_are_the_same_as_on_the_task_loop(children: Called) -> None:
    one = run("sync-who-am-i")
    assert await result(children, one) == {
        "task_id": str(one.uuid),
        "attempt": 2,
        "command": "sync-who-am-i",
        "stdin": "",
    }
    assert await children.run(run("sync-wait")) == Failed("argument 'seconds' is missing", permanent=True)


async def test_what_a_function_raises_is_told_and_its_process_lives_on(children: Called) -> None:
    first = await result(children, run("pid"))
    outcome = await children.run(run("sync-raise"))
    assert isinstance(outcome, Failed)
    assert outcome.error.endswith("ValueError: from a child")
    assert "invoke.py" not in outcome.error
    outcome = await children.run(run("system-exit"))
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
async def test_a_crash_fails_its_task_alone(children: Called, one: Run, said: str) -> None:
    first = await result(children, run("pid"))
    assert await children.run(one) == Failed(said)
    assert await result(children, run("pid")) != first


async def test_a_function_that_closes_the_way_to_its_worker_and_goes_on_fails(children: Called) -> None:
    async with asyncio.timeout(10):
        outcome = await children.run(run("hang-up", timeout=60))
    assert isinstance(outcome, Failed)
    assert "closed" in outcome.error


async def test_a_child_that_died_while_idle_fails_nobody(children: Called) -> None:
    first = await result(children, run("pid"))
    (child,) = _ours()
    child.kill()
    await eventually(lambda: _gone(child.pid))
    assert await result(children, run("pid")) != first


async def test_a_run_is_killed_at_its_timeout_with_everything_it_started(children: Called, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    outcome = await children.run(run("grandchild", timeout=1.0, path=str(pid_file)))
    assert outcome == Failed("timed out after 1 s")
    assert not psutil.pid_exists(int(pid_file.read_text())) or await eventually(
        lambda: _gone(int(pid_file.read_text()))
    )


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_cancelled_run_is_killed(children: Called) -> None:
    running: asyncio.Task[Outcome] = asyncio.create_task(children.run(run("sync-wait", seconds=60)))
    await eventually(_ours)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await eventually(lambda: not _ours())


async def test_a_child_that_cannot_load_its_modules_fails_the_task() -> None:
    guardian = Guardian()
    children = Children(["tests.worker.broken_tasks"], "json", guardian)
    await children.start()
    assert await Called(children).run(run("pid")) == Failed("its process ended with exit code 1 before it was ready")
    await children.stop()
    await guardian.stop()


async def test_starting_many_beside_grpc_crashes_none(children: Called) -> None:
    for _ in range(10):
        assert await children.run(run("exit", code=7)) == Failed("its process ended with exit code 7")


async def test_what_a_function_says_of_its_progress_is_heard_and_nothing_after_its_end(children: Called) -> None:
    heard: list[tuple[Run, float, str]] = []
    one = run("sync-report", seconds=1.2, words=[[0.1, "first"], [0.2, "lost"], [0.3, "latest"]])
    assert await children.run(one, lambda *word: heard.append(word)) == Succeeded()
    assert heard[:2] == [(one, 0.1, "first"), (one, 0.3, "latest")]
    assert {word[2] for word in heard} <= {"first", "latest", "at its very end"}
    before = len(heard)
    await result(children, run("pid"))
    assert len(heard) == before


async def test_nothing_is_left_of_many_runs_that_end_in_every_way(children: Called) -> None:
    for _ in range(5):
        await asyncio.gather(
            children.run(run("pid")),
            children.run(run("sync-raise")),
            children.run(run("exit", code=3)),
            children.run(run("sync-wait", timeout=0.05, seconds=60)),
        )
    for _ in range(300):
        await children.run(run("pid"))
    await eventually(lambda: repr(children).endswith("busy=0 leaving=0>"))
    assert len(_ours()) <= 4


async def test_a_function_that_writes_into_the_way_to_its_worker_fails_and_is_killed(children: Called) -> None:
    outcome = await children.run(run("garble", timeout=30))
    assert outcome == Failed("it wrote into the way from its process to its worker; the process was killed")
    await eventually(lambda: not _ours())


async def test_what_is_larger_than_a_pipe_holds_goes_both_ways(children: Called) -> None:
    text = "x" * 2_000_000
    assert await result(children, run("echo", text=text)) == {"characters": 2_000_000, "beginning": text[:15_000]}


async def test_a_run_that_is_killed_while_its_process_starts_leaves_nothing(children: Called) -> None:
    for turns in range(3):
        running = asyncio.create_task(children.run(run("pid")))
        for _ in range(turns + 1):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await eventually(lambda: repr(children) == "<Children idle=0 busy=0 leaving=0>" and not _ours())


async def test_a_call_costs_no_task_of_the_loop_and_ends_of_one_turn_are_told_together(children: Called) -> None:
    await asyncio.gather(*(result(children, run("sync-wait", seconds=0.2)) for _ in range(3)))
    told: list[list[tuple[Run, Outcome]]] = []
    children.children.listen(told.append, unheard)
    tasks, runs = asyncio.all_tasks(), [run("sync-wait", seconds=60) for _ in range(3)]
    children.children.begin(runs)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    children.children.kill(runs)
    await eventually(lambda: told)
    assert [[one for one, _ in batch] for batch in told] == [runs]


async def test_what_has_ended_is_not_killed_and_not_told_twice(children: Called) -> None:
    one = run("pid")
    await result(children, one)
    told: list[list[tuple[Run, Outcome]]] = []
    children.children.listen(told.append, unheard)
    children.children.kill([one])
    await asyncio.sleep(0)
    assert not told
    assert repr(children) == "<Children idle=1 busy=0 leaving=0>"
