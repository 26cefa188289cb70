"""Tasks that the tests of the worker run, in the worker and in its child processes."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from cluster import Backoff, Cancel, Context, Retry, task


@task("add")
async def add(a: int, b: int = 1) -> int:
    return a + b


@task("who-am-i")
async def who_am_i(ctx: Context) -> dict[str, object]:
    ctx.logger.info("an async task speaks")
    return {"task_id": str(ctx.task_id), "attempt": ctx.attempt, "command": ctx.command}


@task("raise", timeout=30, max_attempts=5, backoff=Backoff(first=2, factor=3, cap=60, jitter=0.5))
async def fail(message: str = "as told") -> None:
    raise ValueError(message)


@task("wait")
async def wait(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "waited"


@task("stubborn")
async def stubborn() -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


@task("block")
async def block(seconds: float) -> None:
    time.sleep(seconds)  # what nobody should do in an `async def`


@task("big")
async def big(characters: int) -> str:
    return "x" * characters


@task("pid")
def pid() -> int:
    return os.getpid()


@task("sync-who-am-i")
def sync_who_am_i(ctx: Context) -> dict[str, object]:
    print("a print of a task goes to stderr")
    ctx.logger.info("a sync task speaks")
    return {"task_id": str(ctx.task_id), "attempt": ctx.attempt, "command": ctx.command, "stdin": sys.stdin.read()}


@task("sync-raise")
def sync_fail() -> None:
    raise ValueError("from a child")


@task("sync-wait")
def sync_wait(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@task("exit")
def leave(code: int) -> None:
    os._exit(code)


@task("hang-up")
def hang_up() -> None:
    """As what makes a daemon of itself does: closes every descriptor, and goes on."""
    os.closerange(3, 100)
    time.sleep(3600)


@task("system-exit")
def system_exit() -> None:
    sys.exit(3)


@task("segfault")
def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@task("grandchild")
def grandchild(path: str) -> None:
    child = subprocess.Popen(["sleep", "600"])
    Path(path).write_text(str(child.pid))
    child.wait()


@task("wish")
async def wish(wish: str, how: str) -> object:
    return _wished(wish, how)


@task("sync-wish")
def sync_wish(wish: str, how: str) -> object:
    return _wished(wish, how)


def _wished(wish: str, how: str) -> object:
    wished = {"retry": Retry(in_=7.5, reason="not yet"), "retry-plain": Retry(), "cancel": Cancel("no need")}[wish]
    if how == "raise":
        raise wished
    return wished


@task("report")
async def report(ctx: Context, seconds: float, words: list[tuple[float, str]]) -> None:
    """Says all the words at once, then goes on."""
    for fraction, message in words:
        ctx.progress(fraction, message)
    await asyncio.sleep(seconds)


@task("sync-report")
def sync_report(ctx: Context, seconds: float, words: list[tuple[float, str]]) -> None:
    for fraction, message in words:
        ctx.progress(fraction, message)
    time.sleep(seconds)
    ctx.progress(1.0, "at its very end")


@task("report-from-a-thread")
async def report_from_a_thread(ctx: Context, seconds: float) -> None:
    await asyncio.to_thread(ctx.progress, 0.5, "from a thread")
    await asyncio.sleep(seconds)


@task("sync-family")
def sync_family(path: str, seconds: float) -> None:
    """Writes its pid and that of its child, and waits."""
    child = subprocess.Popen(["sleep", str(seconds)])
    Path(f"{path}.new").write_text(f"{os.getpid()} {child.pid}")
    Path(f"{path}.new").rename(path)
    time.sleep(seconds)


@task("garble")
def garble() -> None:
    """Writes into every socket it finds, also the one to its worker."""
    for descriptor in range(3, 100):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, b"\x03\x00\x00\x00abc")
    time.sleep(60)


@task("echo")
def echo(text: str) -> dict[str, object]:
    return {"characters": len(text), "beginning": text[:15_000]}
