"""Celery inside its environment."""

import os
import time

import probe
from celery import Celery

app = Celery("program", broker=probe.STORE)
app.conf.update(task_ignore_result=True, worker_disable_rate_limits=True, broker_connection_retry_on_startup=True)
FAST = ["--pool=solo", "--prefetch-multiplier=128"]
SLOTS = ["--concurrency=20"]


@app.task
def noop() -> None:
    probe.tally()


@app.task
def stamp(posted: int) -> None:
    probe.arrived(posted)


@app.task
def slow(number: int, seconds: float) -> None:
    probe.begun(number)
    time.sleep(seconds)
    probe.ended(number)


def worker(*options: str) -> None:
    # Several on one machine need names of their own.
    app.worker_main(["worker", "--loglevel=ERROR", f"--hostname=worker-{os.getpid()}@%h", *options])


async def enqueue(count: int, seconds: float) -> None:
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:

        def chunk(size: int) -> None:
            for _ in range(size):
                noop.apply_async(producer=producer)

        await probe.fill(count, seconds, chunk)


async def post(count: int, gap: float) -> None:
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
        await probe.post(count, gap, lambda posted: stamp.apply_async((posted,), producer=producer))


def enqueue_slow(count: int, seconds: float) -> None:
    for number in range(count):
        slow.delay(number, seconds)


if __name__ == "__main__":
    probe.main(
        {
            "work": lambda: worker(*FAST),
            "work-defaults": lambda: worker(*SLOTS),
            "enqueue": enqueue,
            "post": post,
            "enqueue-slow": enqueue_slow,
        }
    )
