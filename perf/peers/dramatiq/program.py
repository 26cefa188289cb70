"""Dramatiq inside its environment."""

import os
import sys
import time

import dramatiq
import probe
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=probe.STORE))


@dramatiq.actor
def noop() -> None:
    probe.tally()


@dramatiq.actor
def stamp(posted: int) -> None:
    probe.arrived(posted)


@dramatiq.actor
def slow(number: int, seconds: float) -> None:
    probe.begun(number)
    time.sleep(seconds)
    probe.ended(number)


def worker(*options: str, **settings: str) -> None:
    """Become the worker program."""
    argv = [sys.executable, "-m", "dramatiq", "program", "--skip-logging", "--processes=2", *options]
    os.execve(sys.executable, argv, {**os.environ, **settings})  # noqa: S606


async def enqueue(count: int, seconds: float) -> None:
    def chunk(size: int) -> None:
        for _ in range(size):
            noop.send()

    await probe.fill(count, seconds, chunk)


async def post(count: int, gap: float) -> None:
    await probe.post(count, gap, stamp.send)


def enqueue_slow(count: int, seconds: float) -> None:
    for number in range(count):
        slow.send(number, seconds)


if __name__ == "__main__":
    probe.main(
        {
            "work": lambda: worker("--threads=4", dramatiq_queue_prefetch="500"),
            "work-defaults": lambda: worker("--threads=10"),
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        }
    )
