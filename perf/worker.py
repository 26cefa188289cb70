"""What a worker costs for each task, without a coordinator or PostgreSQL: `python perf/worker.py [WHAT …] [--tasks N]`.

`executor`  no-op coroutines through the executor alone: runs in, outcomes out, in this process
`noop`      the same through the whole worker program, fed over gRPC in batches of 500, `--credit` leases out at once
`plain`     no-op plain functions, in the child processes of the worker program
`latency`   lease written → function entered, one task at a time, and the same for a plain function
`memory`    RSS of the worker after 200,000 and after 1,000,000 no-op tasks (only when asked for)

Tasks per second by the clock, and CPU for each task (user and system time of all threads).
"""

import argparse
import asyncio
import gc
import statistics
import time
from uuid import uuid4

from worker_peer import BATCH, Spent, fed

from cluster.runtime import loop
from cluster.worker.builtins.demo import demo_handlers
from cluster.worker.executor import Executor
from cluster.worker.loading import prepare
from cluster.worker.run import Run

ONE_BY_ONE = 1000
"""Tasks whose latency is measured."""
STEP = 200_000


class NoProcesses:
    """No plain function is run."""

    def listen(self, *_whom: object) -> None: ...

    def begin(self, runs: list[Run]) -> None:
        raise AssertionError(runs)

    kill = begin


async def executor(options: argparse.Namespace) -> None:
    done, finished = 0, asyncio.Event()

    def report(_started: list[Run], ended: list[Run]) -> None:
        nonlocal done
        done += len(ended)
        if done >= options.tasks:
            finished.set()

    executor = Executor(options.slots, prepare(demo_handlers(0)), NoProcesses(), report)
    await executor.start()
    runs = [Run(uuid4().bytes, 1, "noop", b"{}", 1, 900.0) for _ in range(options.tasks)]
    # As the programs do: what was made before is not walked again and again.
    gc.freeze()
    clock, cpu = time.perf_counter(), time.process_time()
    for first in range(0, options.tasks, BATCH):
        executor.submit(runs[first : first + BATCH])
    await finished.wait()
    spent = Spent(options.tasks, time.perf_counter() - clock, time.process_time() - cpu, 0.0, 0)
    told("executor", spent)
    await executor.stop()


async def noop(options: argparse.Namespace) -> None:
    async with fed(options.slots) as worker:
        told("noop", await worker.drain("noop", options.tasks, options.credit))


async def plain(options: argparse.Namespace) -> None:
    async with fed(options.slots) as worker:
        await worker.drain("plain", 100 * options.slots, options.credit)  # until every child process runs
        told("plain", await worker.drain("plain", options.tasks // 4, options.credit))


async def latency(options: argparse.Namespace) -> None:
    async with fed(options.slots) as worker:
        for command in ("entered", "plain-entered"):
            await worker.latency(command)
            took = [await worker.latency(command) * 1e3 for _ in range(ONE_BY_ONE)]
            *_, p99 = statistics.quantiles(took, n=100)
            line(f"{command:15} p50 {statistics.median(took):.3f} ms   p99 {p99:.3f} ms")


async def memory(options: argparse.Namespace) -> None:
    async with fed(options.slots) as worker:
        for count in range(STEP, 5 * STEP + 1, STEP):
            await worker.drain("noop", STEP, options.credit)
            line(f"{'memory':15} {worker.process.memory_info().rss / 2**20:7.1f} MiB after {count:,} tasks")


def told(name: str, spent: Spent) -> None:
    each = f"{spent.worker / spent.tasks * 1e6:5.1f} µs CPU a task"
    beside = f" + {spent.children / spent.tasks * 1e6:.1f} in child processes" if spent.children else ""
    company = f", {spent.tasks / spent.messages:.0f} tasks a message" if spent.messages else ""
    line(f"{name:15} {spent.tasks / spent.seconds:10,.0f} tasks/s   {each}{beside}{company}")


def line(text: str) -> None:
    print(text, flush=True)  # noqa: T201


WHAT = {one.__name__: one for one in (executor, noop, plain, latency, memory)}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["executor", "noop", "plain", "latency"], metavar="WHAT")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--slots", type=int, default=5)
    parser.add_argument("--credit", type=int, default=2000)
    options = parser.parse_args()
    if unknown := set(options.what) - set(WHAT):
        parser.error(f"WHAT is one of {', '.join(WHAT)}; {', '.join(unknown)} is not")
    for what in options.what:
        await WHAT[what](options)


if __name__ == "__main__":
    loop.run(main())
