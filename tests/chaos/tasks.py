"""What the workers of a chaos run are given to do: well-behaved handlers, slow ones, and ones that misbehave.

Each run of each handler is told to the history, in a file of its process, when it begins and just before it ends.
`chaos-quick` and its like take a `call`, so that rows in PostgreSQL can be traced to the request that made them.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from cluster import Backoff, Cancel, Context, Retry, task
from tests.chaos import tokens
from tests.chaos.cast import HISTORY_VARIABLE
from tests.chaos.history import Ending, Recorder

MARKERS_VARIABLE = "CHAOS_MARKERS"
"""A folder that remembers how often a task has killed its worker."""

_kept: list[object] = []
"""What leaks."""


class Execution:
    """One run of a handler. State: its recorder."""

    def __init__(self, recorder: Recorder, ctx: Context) -> None:
        self.id = uuid4()
        self._recorder = recorder
        self._facts = {"task_id": ctx.task_id, "attempt": ctx.attempt, "execution": self.id}
        recorder.write("start", **self._facts, token=tokens.current())

    def end(self, outcome: Ending) -> None:
        self._recorder.write("end", **self._facts, outcome=outcome)


_recorders: dict[int, Recorder] = {}


def _recorder() -> Recorder:
    """One for each process: a child is not its worker, but goes with it."""
    pid = os.getpid()
    if pid not in _recorders:
        path = Path(os.environ[HISTORY_VARIABLE]) / f"executions-{pid}.jsonl"
        _recorders[pid] = Recorder(path, os.environ.get("WORKER_NAME", "worker"))
    return _recorders[pid]


@contextmanager
def told(ctx: Context) -> Iterator[UUID]:
    """The id of this run, which the handler returns."""
    execution = Execution(_recorder(), ctx)
    try:
        yield execution.id
    except (Retry, Cancel) as wish:
        execution.end("retry" if isinstance(wish, Retry) else "cancel")
        raise
    except asyncio.CancelledError:
        execution.end("cancelled")
        raise
    except BaseException:
        execution.end("failed")
        raise
    execution.end("ok")


def _harm(fault: str, phase: str) -> None:
    """What a handler does to its whole worker counts as a fault."""
    recorder = _recorder()
    recorder.write("fault", fault=fault, target=recorder.process, phase=phase, target_pid=os.getpid())


@task("chaos-quick")
async def quick(ctx: Context, call: str = "") -> UUID:
    with told(ctx) as execution:
        return execution


@task("chaos-nap")
async def nap(ctx: Context, seconds: float, call: str = "") -> UUID:
    with told(ctx) as execution:
        for part in range(4):
            ctx.progress(part / 4, f"quarter {part}")
            await asyncio.sleep(seconds / 4)
        return execution


@task("chaos-plain")
def plain(ctx: Context, seconds: float = 0.0, call: str = "") -> UUID:
    """In a child process."""
    with told(ctx) as execution:
        time.sleep(seconds)
        return execution


@task("chaos-flaky", max_attempts=4, backoff=Backoff(first=0.5))
async def flaky(ctx: Context, good: int, call: str = "") -> UUID:
    """Fails until its attempt number `good`."""
    with told(ctx) as execution:
        if ctx.attempt < good:
            raise RuntimeError(f"attempt {ctx.attempt} was meant to fail")
        return execution


@task("chaos-again", max_attempts=3)
async def again(ctx: Context, good: int, call: str = "") -> UUID:
    """Asks for another attempt until its attempt number `good`."""
    with told(ctx) as execution:
        if ctx.attempt < good:
            raise Retry(in_=0.3, reason=f"attempt {ctx.attempt} wants another")
        return execution


@task("chaos-cancel")
def call_off(ctx: Context, call: str = "") -> UUID:
    """Calls itself off, in a child process."""
    with told(ctx):
        raise Cancel("it was of no use")


@task("chaos-exit", max_attempts=2)
def leave(ctx: Context, call: str = "") -> UUID:
    """Ends the child process that it runs in."""
    with told(ctx):
        os._exit(3)


@task("chaos-leak")
async def leak(ctx: Context, call: str = "") -> UUID:
    """Keeps memory, and a coroutine that nobody awaits."""
    with told(ctx) as execution:
        _kept.append(bytearray(16 * 1024))
        _kept.append(asyncio.get_running_loop().create_task(asyncio.sleep(60)))
        return execution


@task("chaos-block")
async def block(ctx: Context, seconds: float, call: str = "") -> UUID:
    """Blocks the event loop that it shares with others; beyond its timeout that ends its worker."""
    with told(ctx) as execution:
        _harm("block", "begin")
        time.sleep(seconds)
        _harm("block", "end")
        return execution


@task("chaos-stubborn", timeout=0.5, max_attempts=1)
async def stubborn(ctx: Context, call: str = "") -> UUID:
    """Ignores its cancellation for a while."""
    with told(ctx) as execution:
        until = time.monotonic() + 4.0
        while time.monotonic() < until:
            try:
                await asyncio.sleep(0.2)
            except asyncio.CancelledError:
                continue
        return execution


@task("chaos-overdue", timeout=0.5, max_attempts=1)
def overdue(ctx: Context, call: str = "") -> UUID:
    """Is killed at its timeout."""
    with told(ctx) as execution:
        time.sleep(20)
        return execution


@task("chaos-deadly")
async def deadly(ctx: Context, lives: int, call: str = "") -> UUID:
    """Kills its worker, `lives` times in all."""
    with told(ctx) as execution:
        marker = Path(os.environ[MARKERS_VARIABLE]) / str(ctx.task_id)
        killed = marker.stat().st_size if marker.exists() else 0
        if killed < lives:
            with marker.open("a") as file:
                file.write("x")
            _harm("deadly", "begin")
            _harm("deadly", "end")
            os.kill(os.getpid(), signal.SIGKILL)
        return execution
