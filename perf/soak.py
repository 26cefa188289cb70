"""A whole cluster under mixed load for a while: does anything rise that should not, is anything lost?

`python perf/soak.py [--minutes 10 | --hours 8] [--rough] [--json OUT]` starts `taskmaster up` with an embedded
PostgreSQL in a folder of its own, and ends with 1 if something is wrong: soak_report.py says what is too much.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psutil
from soak_load import Load, Pace
from soak_report import Accounts, as_json, report, table
from soak_samples import Sample, Sampler, living_in

from cluster.runtime.settings import Settings

HERE = Path(__file__).resolve().parent
START_SECONDS = 60.0
DRAIN_SECONDS = 120.0
"""After the last task was enqueued: time to finish them all, retries and rescues included."""
STOP_SECONDS = 90.0
SETTLE_SECONDS = 2.0
MOST_SAMPLES = 3600
OURS = ("DATABASE_URL", "POSTGRES_", "SCHEDULER_", "COORDINATOR_", "WORKER", "TASK", "HEARTBEAT_", "DB_", "LOG_")


def environment(home: Path, workers: int) -> dict[str, str]:
    """A home and ports of its own; nothing of the shell that it is started from."""
    edge, coordinator = free_ports(2)
    lent = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        **lent,
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)]),
        "TASKMASTER_HOME": str(home),
        "SCHEDULER_PORT": f"127.0.0.1:{edge}",
        "COORDINATOR_PORT": f"127.0.0.1:{coordinator}",
        "COORDINATOR_ADDRESS": f"127.0.0.1:{coordinator}",
        "TASKMASTER_TASKS": "soak_tasks",
        "TASK_PROCESS_TIME": "1",
        "WORKERS": str(workers),
        "LOG_FORMAT": "json",
    }


def free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def budget(settings: Settings) -> dict[str, int]:
    """Connections to PostgreSQL by application_name; who is not here has none."""
    return {
        "taskmaster coordinator": settings.db_pool_size,
        "taskmaster edge": settings.db_pool_size,
        "taskmaster migrate": 1,
    }


@contextmanager
def cluster(folder: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`taskmaster up`; whatever happens, nothing of it is left when the block is."""
    home = Path(env["TASKMASTER_HOME"])
    with (folder / "log").open("ab") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "cluster.cli", "up"], env=dict(env), cwd=folder, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield up
    finally:
        for process in living_in(home):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        up.wait()


async def ready(url: str, workers: int, up: subprocess.Popen[bytes]) -> None:
    """Raises TimeoutError when the cluster has not come up by then, RuntimeError when it ended."""
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(base_url=url) as http:
        while True:
            if up.poll() is not None:
                raise RuntimeError(f"`taskmaster up` ended with code {up.returncode}")
            try:
                found = (await http.get("/api/workers")).json()
                if len([one for one in found if one["status"] == "online"]) >= workers:
                    return
            except (httpx.TransportError, ValueError, KeyError, TypeError):
                pass  # not yet
            await asyncio.sleep(0.2)


async def sampled(sampler: Sampler, seconds: float, every: float) -> list[Sample]:
    samples: list[Sample] = []
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        samples.append(await asyncio.to_thread(sampler.take))
        await asyncio.sleep(every)
    return samples


async def drained(url: str) -> None:
    """Returns when nothing is left to do, or after DRAIN_SECONDS: then the accounts say what is left."""
    deadline = time.monotonic() + DRAIN_SECONDS
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        while time.monotonic() < deadline:
            stats = (await http.get("/api/stats")).json()
            if stats["pending"] == stats["running"] == 0:
                return
            await asyncio.sleep(0.5)


async def soak(
    settings: Settings, pace: Pace, seconds: float, up: subprocess.Popen[bytes]
) -> tuple[list[Sample], Accounts]:
    url = settings.url
    await ready(url, pace.workers, up)
    sampler = Sampler(settings.home, settings.database_url)
    load, over = Load(url, pace), asyncio.Event()
    loading = asyncio.create_task(load.run(over))
    samples = await sampled(sampler, seconds, max(SETTLE_SECONDS, seconds / MOST_SAMPLES))
    over.set()
    await loading
    await drained(url)
    found, unfinished, twice = await asyncio.to_thread(sampler.found)
    sampler.close()
    up.send_signal(signal.SIGTERM)
    exit_code = await asyncio.to_thread(up.wait, STOP_SECONDS)
    left = len(living_in(settings.home))
    say(f"answers: {dict(load.answers)}; workers killed by order: {load.killed}")
    return samples, Accounts(load.acknowledged, load.unknown, found, unfinished, twice, exit_code, left)


def main() -> int:
    options = arguments()
    seconds = options.hours * 3600 if options.hours else options.minutes * 60
    folder = Path(tempfile.mkdtemp(prefix="taskmaster-soak-"))
    # The embedded server of root is another user, who must get in.
    folder.chmod(0o755)
    env = environment(folder / "home", options.workers)
    settings = Settings.from_env(env)
    try:
        with cluster(folder, env) as up:
            pace = Pace(options.noops, options.workers, options.rough)
            samples, accounts = asyncio.run(soak(settings, pace, seconds, up))
        made = report(samples, accounts, budget(settings))
        say(table(made))
        if options.json:
            options.json.write_text(json.dumps(as_json(made), indent=2) + "\n")
        return 1 if made.problems else 0
    except BaseException:
        say((folder / "log").read_text(errors="replace")[-4000:])
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--hours", type=float, default=0.0, help="instead of --minutes")
    parser.add_argument("--noops", type=int, default=200, help="no-op tasks a second, besides everything else")
    parser.add_argument("--workers", type=int, default=2, help="there are two more half of the time")
    parser.add_argument("--rough", action="store_true", help="a worker is killed every 20 s")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
