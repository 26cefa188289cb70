"""A whole cluster under mixed load for a while: does anything rise that should not, is anything lost?

`python perf/soak.py [--minutes 10 | --hours 8] [--rough] [--json OUT]` starts `taskmaster up` with an embedded
PostgreSQL in a folder of its own, and ends with 1 if something is wrong: soak_report.py says what is too much.
"""

import argparse
import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
from own_cluster import STOP_SECONDS, cluster, environment, ready
from soak_load import Load, Pace
from soak_report import Accounts, as_json, report, table
from soak_samples import Sample, Sampler, living_in

from cluster.runtime.settings import Settings

DRAIN_SECONDS = 120.0
"""After the last task was enqueued: time to finish them all, retries and rescues included."""
SETTLE_SECONDS = 2.0
MOST_SAMPLES = 3600


def budget(settings: Settings) -> dict[str, int]:
    """Connections to PostgreSQL by application_name; who is not here has none."""
    return {
        "taskmaster coordinator": settings.db_pool_size,
        "taskmaster edge": settings.db_pool_size,
        "taskmaster migrate": 1,
    }


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
    env = environment(folder / "home", options.workers, "soak_tasks")
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
