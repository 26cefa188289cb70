"""The supervisor as a process whose workers are containers: orders in, outcomes and ends out, nobody dies with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.runtime.lifecycle import running
from tests.fixtures.eventually import eventually
from tests.supervisor.containers.fake_engine import FakeEngine
from tests.supervisor.fixtures.coordinator import FakeCoordinator
from tests.supervisor.test_orders import kill, scale

CHECKOUT = Path(__file__).parents[3]


@contextmanager
def supervisor(log: Path, *arguments: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    given = os.environ | {"SUPERVISOR_RUNTIME": "compose", "SUPERVISOR_PROJECT": "shop", "LOG_FORMAT": "json"} | env
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "cluster.supervisor", *arguments], cwd=CHECKOUT, env=given, stdout=file, stderr=file
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def ended(process: subprocess.Popen[bytes]) -> int:
    [code] = await eventually(lambda: [code] if (code := process.poll()) is not None else [], timeout=20)
    return code


async def test_orders_are_carried_out_in_containers_that_outlive_the_supervisor(
    engine: FakeEngine, tmp_path: Path
) -> None:
    engine.worker(1)
    coordinator = FakeCoordinator()
    coordinator.orders = [scale(1, 3), kill(2, "000000000001"), kill(3, "shop-worker-2")]
    async with running(coordinator):
        with supervisor(tmp_path / "log", COORDINATOR_ADDRESS=coordinator.address) as process:
            await eventually(lambda: len(coordinator.outcomes) == 3, timeout=20)
            await eventually(lambda: len(coordinator.reports[-1].children) == 3)

            process.send_signal(signal.SIGTERM)
            assert await ended(process) == 0

    assert [(outcome.order_id, outcome.ok, outcome.detail) for outcome in coordinator.outcomes] == [
        (1, True, "scaled to 3 workers"),
        (2, True, "killed 000000000001"),
        # What compose calls it is not what the worker is called.
        (3, False, "no worker named shop-worker-2 runs here"),
    ]
    [end] = {(end.name, end.host, end.pid, end.ordered) for each in coordinator.reports for end in each.exits}
    assert end == ("000000000001", "000000000001", 0, True)
    assert engine.running() == ["shop-worker-1", "shop-worker-2", "shop-worker-3"]


@pytest.mark.parametrize(
    ("arguments", "env", "why"),
    [
        ((), {"DOCKER_HOST": "tcp://127.0.0.1:9"}, "no container engine answers"),
        ((), {"SUPERVISOR_SERVICE": "a b"}, "SUPERVISOR_SERVICE='a b' must be"),
        (("--all",), {}, "`taskmaster up` runs processes"),
    ],
)
async def test_what_cannot_work_is_said_in_one_line(
    arguments: tuple[str, ...], env: dict[str, str], why: str, tmp_path: Path
) -> None:
    with supervisor(tmp_path / "log", *arguments, **env) as process:
        assert await ended(process) == 78

    [line] = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("taskmaster supervisor: ")
    assert why in line
