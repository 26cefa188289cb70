"""A peer that speaks the coordinator's side, and the real worker program beside it."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cluster.worker.invoke import Prepared
from cluster.worker.loading import load
from tests.fixtures.eventually import eventually
from tests.worker.peer import Peer

CHECKOUT = Path(__file__).resolve().parents[2]
MODULE = "tests.worker.sample_tasks"


class WorkerProgram:
    """`python -m cluster.worker` as a child of the test, its output in a file."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cluster.worker"],
                env={**os.environ, "LOG_FORMAT": "json", "WORKER_ADDRESS": "127.0.0.1", **settings},
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def exit_code(self) -> int:
        """Its exit code, once it has ended."""
        await eventually(lambda: self.process.poll() is not None, timeout=30)
        return int(self.process.returncode)


StartWorker = Callable[..., WorkerProgram]


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
def start_worker(peer: Peer, tmp_path: Path) -> Iterator[StartWorker]:
    """Start the program with these settings; by default it knows the sample tasks and runs two at once."""
    started: list[WorkerProgram] = []

    def start(**settings: str) -> WorkerProgram:
        defaults = {
            "COORDINATOR_ADDRESS": peer.address,
            "TASKMASTER_TASKS": MODULE,
            "WORKER_NAME": "worker-1",
            "WORKER_POOL_SIZE": "2",
            "HEARTBEAT_INTERVAL": "0.1",
        }
        started.append(WorkerProgram({**defaults, **settings}, tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.send(signal.SIGKILL)
        program.process.wait()
        print(program.log)  # pytest shows it when the test failed


@pytest_asyncio.fixture
async def worker(peer: Peer, start_worker: StartWorker) -> WorkerProgram:
    """A worker that is registered, with its stream open."""
    program = start_worker()
    await connected(peer)
    return program


async def connected(peer: Peer) -> None:
    """Wait for the worker's registration and dial it as the coordinator does."""
    beat = await eventually(
        lambda: next((one for one in reversed(peer.heartbeats) if one.session_id), None), timeout=30
    )
    await peer.dial(beat.session_id, beat.address)
    seen = len(peer.told.holding)
    await eventually(lambda: len(peer.told.holding) > seen or seen)


@pytest.fixture(scope="session")
def handlers() -> dict[str, Prepared]:
    """The sample tasks, ready to be called."""
    return load([MODULE])
