"""The three measurements. Each takes a stage of its own and says what it saw, by figure."""

import asyncio
import json
import time
from dataclasses import dataclass

from peers.figures import NEVER, Figure, percentile
from peers.probes import Tally
from peers.stage import Stage, until

START_SECONDS = 60.0
"""Until the first task begins, programs' start included."""
NEAR, FAR = 0.002, 0.02
"""Seconds between looks: when all tasks began and only their outcomes are missing, and before that."""
WARM_UP, WARM_UP_GAP = 10, 0.1
SLOW_TASKS, SLOW_SECONDS = 20, 5.0
OTHER_WORKER_SECONDS = 2.0
"""For the second worker to come up before the first is killed."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: no-ops and the most seconds for enqueueing and for draining them; single tasks and the mean
    gap between them; how long to wait for a recovery.
    """

    tasks: int = 100_000
    fill_seconds: float = 10.0
    drain_seconds: float = 15.0
    singles: int = 300
    gap: float = 0.02
    recovery_seconds: float = 120.0


async def rates(stage: Stage, extent: Extent) -> dict[Figure, float]:
    """Enqueue no-ops, then let the workers drain them."""
    filled = json.loads(await stage.ask("enqueue", extent.tasks, extent.fill_seconds))
    await stage.settle()
    _start(stage, "work", stage.peer.workers)
    return {
        Figure.ENQUEUE: filled["count"] / filled["seconds"],
        Figure.DRAIN: await _drained(stage, filled["count"], extent.drain_seconds),
    }


async def _drained(stage: Stage, count: int, seconds: float) -> float:
    """Tasks a second from the first no-op's beginning until nothing is left in the store; of what began within
    `seconds` when that takes longer.
    """
    await until(lambda: stage.tally().count, stage, START_SECONDS)
    while True:
        tally, now = stage.tally(), time.monotonic_ns()
        if tally.count >= count and await stage.unfinished() == 0:
            return count / (time.monotonic_ns() - tally.first) * 1e9
        if now - tally.first > seconds * 1e9:
            return partial_rate(tally)
        stage.check()
        await asyncio.sleep(NEAR if tally.count >= count else FAR)


def partial_rate(tally: Tally) -> float:
    """Of a drain that was cut off: what began, by the time it took."""
    return tally.count / max(1, tally.last - tally.first) * 1e9


async def latency(stage: Stage, extent: Extent) -> dict[Figure, float]:
    """Post single tasks to idle workers; from just before the call to the first line of the task."""
    _start(stage, "work", stage.peer.workers)
    await stage.ask("post", WARM_UP, WARM_UP_GAP)
    await until(lambda: len(stage.notes("arrived")) >= WARM_UP, stage, START_SECONDS)
    await stage.ask("post", extent.singles, extent.gap)
    await until(lambda: len(stage.notes("arrived")) >= WARM_UP + extent.singles, stage, START_SECONDS)
    took = [(note.at - note.value) / 1e6 for note in stage.notes("arrived")][WARM_UP:]
    return {Figure.P50: percentile(took, 0.5), Figure.P99: percentile(took, 0.99)}


async def recovery(stage: Stage, extent: Extent, start: asyncio.Lock) -> dict[Figure, float]:
    """Kill the worker that runs 20 tasks; how long until another one has done them all.

    `start` is held until the kill: programs of other peers that start at the same time would be in the way.
    """
    async with start:
        for service in stage.peer.services:
            stage.start(service)
        victim = stage.start("work-defaults")
        await stage.ask("enqueue-slow", SLOW_TASKS, SLOW_SECONDS)
        await until(lambda: len(_numbers(stage, "begun")) >= SLOW_TASKS, stage, START_SECONDS)
        stage.start("work-defaults")
        await asyncio.sleep(OTHER_WORKER_SECONDS)
        stage.programs.remove(victim)
        victim.kill()
        killed = time.monotonic()
    try:
        await until(lambda: len(_numbers(stage, "ended")) >= SLOW_TASKS, stage, extent.recovery_seconds)
    except TimeoutError:
        return {Figure.RECOVERY: NEVER}
    return {Figure.RECOVERY: time.monotonic() - killed}


def _numbers(stage: Stage, what: str) -> set[int]:
    return {note.value for note in stage.notes(what)}


def _start(stage: Stage, verb: str, workers: int) -> None:
    for service in stage.peer.services:
        stage.start(service)
    for _ in range(workers):
        stage.start(verb)
