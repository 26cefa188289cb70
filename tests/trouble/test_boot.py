"""A process that waits for PostgreSQL at its start ends at once when it is told to."""

import signal
from pathlib import Path

import pytest

from tests.acceptance.processes import free_ports
from tests.fixtures.eventually import eventually
from tests.fixtures.proxy import line_in_thread
from tests.trouble.cast import cluster_of
from tests.trouble.server import Server


def hears(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for that signal by now."""
    [caught] = [line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigCgt" in line]
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("role", ["edge", "coordinator"])
@pytest.mark.parametrize("silent", [False, True], ids=["nobody listens", "nobody answers"])
async def test_a_signal_ends_the_wait_for_postgresql(role: str, silent: bool, server: Server) -> None:
    (port,) = free_ports(1)
    with line_in_thread(server.url("postgres")) as line:
        line.silence()
        cluster = cluster_of(line.url if silent else f"postgresql://postgres@127.0.0.1:{port}/scheduler")
        try:
            program = cluster.start(role)
            await eventually(lambda: hears(program.pid, signal.SIGTERM), timeout=20)
            program.send(signal.SIGTERM)
            # It would wait for 30 s.
            assert program.wait(15) == 0
            cluster.assert_no_traceback()
        finally:
            cluster.remove()
