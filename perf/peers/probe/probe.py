"""What runs inside a peer's own environment, the same for all of them: count no-ops, note times, enqueue in chunks.

A peer's `program.py` gives its verbs to `main`. Times are CLOCK_MONOTONIC in nanoseconds, which all processes of one
machine share. `probe.mjs` is the same for Node; `peers.probes` reads what both write into the folder PEERS_NOTES:

    <pid>.tally    three u64: when the first no-op of this process began, when the last did, how many did
    <pid>.notes    a line for each event: `arrived POSTED NOW`, `begun NUMBER NOW`, `ended NUMBER NOW`
"""

import asyncio
import inspect
import json
import mmap
import os
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

STORE = os.environ["PEERS_STORE"]
"""URL of the database or of the Redis that this run works in."""
PORTS = [int(port) for port in os.environ.get("PEERS_PORTS", "").split(",") if port]
NOTES = Path(os.environ["PEERS_NOTES"])
CHUNK = 1000

_TALLY_BYTES = 24
_lock = threading.Lock()
_tallied: memoryview | None = None


def tally() -> None:
    """A no-op began. Costs about half a microsecond and no system call."""
    global _tallied  # noqa: PLW0603 - one per process, on purpose
    with _lock:
        now = time.monotonic_ns()
        if _tallied is None:
            _tallied = _fresh()
            _tallied[0] = now
        # Stored one by one, the count last, and never through struct, which clears all of it first: who reads in
        # between sees no task without its time.
        _tallied[1] = now
        _tallied[2] += 1


def _fresh() -> memoryview:
    path = NOTES / f"{os.getpid()}.tally"
    path.write_bytes(bytes(_TALLY_BYTES))
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), _TALLY_BYTES)).cast("Q")


def _forget() -> None:
    """A forked child counts for itself."""
    global _tallied, _lock
    _tallied, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def arrived(posted: int) -> None:
    """A task that was posted at `posted` has just begun."""
    _note("arrived", posted)


def begun(number: int) -> None:
    _note("begun", number)


def ended(number: int) -> None:
    _note("ended", number)


def _note(what: str, value: int) -> None:
    line = f"{what} {value} {time.monotonic_ns()}\n".encode()
    # O_APPEND and one write: threads do not mix their lines.
    file = os.open(NOTES / f"{os.getpid()}.notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line)
    finally:
        os.close(file)


async def fill(count: int, seconds: float, chunk: Callable[[int], Any]) -> None:
    """Enqueue `count` no-ops by `chunk(n)`, for at most `seconds`; tells on stdout how many, and how long it took."""
    began, done = time.perf_counter(), 0
    while done < count and time.perf_counter() - began < seconds:
        size = min(CHUNK, count - done)
        await _maybe(chunk(size))
        done += size
    print(json.dumps({"count": done, "seconds": time.perf_counter() - began}), flush=True)  # noqa: T201


async def post(count: int, gap: float, one: Callable[[int], Any]) -> None:
    """Enqueue `count` single tasks, each with the time just before the call, on average `gap` seconds apart."""
    for _ in range(count):
        # Not in step with anybody's polling.
        await asyncio.sleep(gap * random.uniform(0.5, 1.5))  # noqa: S311
        await _maybe(one(time.monotonic_ns()))


async def _maybe(value: Any) -> None:
    if inspect.isawaitable(value):
        await value


def main(verbs: dict[str, Callable[..., Any]], run: Callable[[Any], Any] = asyncio.run) -> None:
    """`program.py VERB [NUMBER …]`. A verb may be a coroutine function."""
    verb, *numbers = sys.argv[1:]
    result = verbs[verb](*(float(number) if "." in number else int(number) for number in numbers))
    if isinstance(result, Awaitable):
        run(result)
