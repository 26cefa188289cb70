"""The task thread, seen from the I/O loop."""

import asyncio
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from cluster.core.outcome import Succeeded
from cluster.worker.executor import Executor
from cluster.worker.invoke import Prepared
from cluster.worker.leases import Leases
from cluster.worker.registry import Handler
from cluster.worker.run import Run
from tests.fixtures.eventually import eventually
from tests.worker.processes import Processes


async def thread_id() -> int:
    return threading.get_ident()


async def forever() -> None:
    await asyncio.Event().wait()


async def noop() -> None: ...


def plain() -> None: ...


BLOCKED, RELEASE = threading.Event(), threading.Event()


async def block() -> None:
    BLOCKED.set()
    RELEASE.wait(10)


HANDLERS = {f.__name__: Prepared(Handler(f.__name__, f)) for f in (thread_id, forever, noop, plain, block)}


class Told:
    def __init__(self) -> None:
        self.ended: list[Run] = []
        self.threads: set[int] = set()

    def __call__(self, started: list[Run], ended: list[Run]) -> None:
        self.threads.add(threading.get_ident())
        self.ended.extend(ended)


@pytest_asyncio.fixture
async def executor() -> AsyncIterator[tuple[Executor, Told]]:
    told = Told()
    executor = Executor(2, HANDLERS, Processes(), told)
    await executor.start()
    yield executor, told
    await executor.stop()


def run(command: str) -> Run:
    return Run(uuid4().bytes, 1, command, b"{}", 1)


async def test_no_user_code_runs_on_the_io_loop_and_reports_come_back_on_it(executor: tuple[Executor, Told]) -> None:
    executor_, told = executor
    executor_.submit([run("thread_id")])
    await eventually(lambda: told.ended)
    (ended,) = told.ended
    assert ended.outcome != Succeeded(str(threading.get_ident()).encode())
    assert told.threads == {threading.get_ident()}


class Threads(Processes):
    """Answers with the threads it is called on."""

    def begin(self, runs: list[Run]) -> None:
        self.told([(run, Succeeded(str(threading.get_ident()).encode())) for run in runs])


async def test_processes_belong_to_the_io_loop() -> None:
    told = Told()
    executor = Executor(2, HANDLERS, Threads(), told)
    await executor.start()
    executor.submit([run("plain")])
    await eventually(lambda: told.ended)
    assert told.ended[0].outcome == Succeeded(str(threading.get_ident()).encode())
    await executor.stop()


async def test_what_goes_on_is_ended_in_silence_and_what_has_ended_is_reported(executor: tuple[Executor, Told]) -> None:
    executor_, told = executor
    runs = [run("noop") for _ in range(1000)]
    executor_.submit([*runs, run("forever"), run("forever"), run("noop")])
    await eventually(lambda: len(told.ended) == 1000)
    executor_.cancel_all(None)
    last = run("noop")
    executor_.submit([last])
    await eventually(lambda: last in told.ended)
    assert told.ended == [*runs, last]


async def test_a_sign_of_life_that_comes_while_it_is_asked_for_does_no_harm(
    executor: tuple[Executor, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    executor_, _ = executor
    executor_.submit([run("block")])
    await eventually(BLOCKED.is_set)
    assert executor_.lag() == 0.0

    def answered_meanwhile() -> float:
        RELEASE.set()
        while executor_._asked is not None:
            time.sleep(0.001)
        return time.monotonic()

    monkeypatch.setattr("cluster.worker.executor.monotonic", answered_meanwhile)
    assert executor_.lag() > 0.0


async def test_stopping_ends_what_runs_and_can_be_done_twice_or_first() -> None:
    never = Executor(1, HANDLERS, Processes(), Told())
    await never.stop()

    told = Told()
    executor = Executor(1, HANDLERS, Processes(), told)
    await executor.start()
    executor.submit([run("forever"), run("forever")])
    await executor.stop()
    await executor.stop()
    assert told.ended == []
    # The last thing the thread does is to say that it ends.
    await eventually(lambda: not any(thread.name == "tasks" for thread in threading.enumerate()))


async def test_memory_does_not_grow_with_the_tasks_done() -> None:
    leases = Leases(5, HANDLERS, Processes())
    await leases.start()

    async def work(count: int) -> None:
        for _ in range(count // 500):
            leases.accept([run("noop") for _ in range(500)])
            while len(leases):
                leases.settle((await leases.outbox.next()).sequence)

    try:
        await work(5_000)
        gc.collect()
        before = sys.getallocatedblocks()
        await work(50_000)
        gc.collect()
        after = sys.getallocatedblocks()
    finally:
        await leases.stop()
    # A single object kept of every tenth task would be more.
    assert after - before < 5_000
