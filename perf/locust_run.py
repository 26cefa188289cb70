"""A load test of a cluster of its own: `python perf/locust_run.py [--workers 3] [LOCUST…]`, or `nox -s locust`.

Starts `taskmaster up` with an embedded PostgreSQL, runs Locust headless with perf/locustfile.py against it, prints a
summary and ends with Locust's code: 0 when every acknowledged task is finished and no limit is exceeded. Locust's
report (HTML), its figures (CSV) and what was found (JSON) stay in --results. Ctrl-C ends the load, not the check: what
was acknowledged by then is looked at. Ctrl-C again ends that, too.
"""

import argparse
import asyncio
import json
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from locust_options import add_options
from locust_summary import machine, summary
from own_cluster import HERE, cluster, environment, ready
from rich.console import Console
from soak_samples import living_in, role_of

from cluster.runtime.settings import Settings

RESULTS = HERE / "results" / "locust"
RUN_TIME = "60s"
"""Of a steady load that nobody gave an end."""
KILL_SECONDS = 10.0
CONSOLE = Console()


def main() -> int:
    options, handed_on = arguments(sys.argv[1:])
    results = options.results / f"{time.strftime('%Y-%m-%dT%H-%M-%S')}-{options.shape}"
    results.mkdir(parents=True)
    folder = Path(tempfile.mkdtemp(prefix="taskmaster-locust-"))
    # The embedded server of root is another user, who must get in.
    folder.chmod(0o755)
    try:
        return measured(environment(folder / "home", options.workers), folder, options.workers, results, handed_on)
    except (TimeoutError, RuntimeError) as error:
        CONSOLE.print(f"[red]{error}[/]", (folder / "log").read_text(errors="replace")[-4000:])
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured(env: Mapping[str, str], folder: Path, workers: int, results: Path, handed_on: Sequence[str]) -> int:
    """The cluster, the load, the summary. Raises KeyboardInterrupt for a signal before the load, or a second one."""
    # Both end the cluster, too, even where a shell started this with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    settings, verdict = Settings.from_env(env), results / "verdict.json"
    with cluster(folder, env) as up:
        with CONSOLE.status(f"a cluster with {workers} workers starts"):
            asyncio.run(ready(settings.url, workers, up))
        before = cpu_seconds(settings.home)
        code = load(settings.url, results, handed_on)
        spent = cpu_seconds(settings.home) - before
        # The cluster is not waited for yet: Locust is the only child that was.
        spent["locust"] = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    (results / "run.json").write_text(json.dumps({"machine": machine(), "cpu_seconds": spent, "code": code}, indent=2))
    if not verdict.exists():
        CONSOLE.print((results / "locust.log").read_text(errors="replace")[-4000:])
        return code or 1
    found: dict[str, Any] = json.loads(verdict.read_text())
    CONSOLE.print(summary(found, spent, code, results))
    return code


def load(url: str, results: Path, handed_on: Sequence[str]) -> int:
    """Locust's exit code. A signal is passed on to it, once; after the second it is killed with all its processes."""
    command = [
        sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary",
        "--host", url, "--html", str(results / "report.html"), "--csv", str(results / "load"),
        "--verdict", str(results / "verdict.json"), *handed_on,
    ]  # fmt: skip
    with (results / "locust.log").open("ab") as log, CONSOLE.status("load and check; Ctrl-C ends the load"):
        # In a session of its own, so that Ctrl-C reaches only the process that ends the others in order.
        locust = subprocess.Popen(  # noqa: S603 - what the person at the keyboard wants
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            try:
                return locust.wait()
            except KeyboardInterrupt:
                locust.send_signal(signal.SIGINT)
                return locust.wait()
        finally:
            kill(locust)


def kill(program: subprocess.Popen[bytes]) -> None:
    """It and what it started, if it is not over."""
    if program.poll() is None:
        for process in [*psutil.Process(program.pid).children(recursive=True), psutil.Process(program.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        program.wait(KILL_SECONDS)


def cpu_seconds(home: Path) -> Counter[str]:
    """What the processes of the cluster have spent so far, by role; children that ended count with their parents."""
    spent = Counter[str]()
    for process in living_in(home):
        with suppress(psutil.Error):
            spent[role_of(process.cmdline())] += sum(process.cpu_times()[:4])
    return spent


def arguments(given: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Ours, and what Locust gets."""
    ours = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    ours.add_argument("--workers", type=int, default=3, help="worker processes of the cluster (default: 3)")
    ours.add_argument("--results", type=Path, default=RESULTS, help="folder of reports, one folder in it for each run")
    options, handed_on = ours.parse_known_args(given)
    everything = argparse.ArgumentParser(
        parents=[ours], description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Other options and names of user classes go to Locust as they are (locust --help): --users 100 "
        "--spawn-rate 50 --run-time 2m --processes 2 SinglePoster Watcher",
    )  # fmt: skip
    add_options(everything.add_argument)
    everything.add_argument("-t", "--run-time", help=f"how long (default: {RUN_TIME}, or what the shape says)")
    known, _ = everything.parse_known_args(given)
    options.shape = known.shape
    if known.shape == "steady" and known.run_time is None:
        handed_on += ["--run-time", RUN_TIME]
    return options, handed_on


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
