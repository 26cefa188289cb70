"""A cluster for a measurement: `taskmaster up` with an embedded PostgreSQL, a home and ports of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psutil
from soak_samples import living_in

HERE = Path(__file__).resolve().parent
START_SECONDS = 60.0
STOP_SECONDS = 90.0
OURS = ("DATABASE_URL", "POSTGRES_", "SCHEDULER_", "COORDINATOR_", "WORKER", "TASK", "HEARTBEAT_", "DB_", "LOG_")


def environment(home: Path, workers: int, tasks: str = "") -> dict[str, str]:
    """A home and ports of its own, nothing of the shell that it is started from. `tasks`: modules beside this one."""
    edge, coordinator = free_ports(2)
    lent = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        **lent,
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)]),
        "TASKMASTER_HOME": str(home),
        "SCHEDULER_PORT": f"127.0.0.1:{edge}",
        "COORDINATOR_PORT": f"127.0.0.1:{coordinator}",
        "COORDINATOR_ADDRESS": f"127.0.0.1:{coordinator}",
        "TASKMASTER_TASKS": tasks,
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


@contextmanager
def cluster(folder: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`taskmaster up`, told to stop at the end; whatever happens, nothing of it is left when the block is."""
    home = Path(env["TASKMASTER_HOME"])
    with (folder / "log").open("ab") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "cluster.cli", "up"], env=dict(env), cwd=folder, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield up
    finally:
        # Killed at once, PostgreSQL would leave its shared memory behind.
        up.send_signal(signal.SIGTERM)
        try:
            with suppress(subprocess.TimeoutExpired):
                up.wait(STOP_SECONDS)
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
