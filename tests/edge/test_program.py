"""The edge as a program: what keeps it from starting, and how it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx
import pytest

from cluster.edge.server import bound
from cluster.runtime.entry import EXIT_CANNOT_START
from cluster.runtime.variables import Address
from tests.fixtures.eventually import eventually


@asynccontextmanager
async def program(database_url, port, log):
    env = {
        **os.environ, "DATABASE_URL": database_url, "SCHEDULER_PORT": f"127.0.0.1:{port}", "LOG_FORMAT": "json",
        "COORDINATOR_ADDRESS": "127.0.0.1:9",
    }  # fmt: skip
    with log.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "cluster.edge"], env=env, stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_port():
    with bound(Address("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def test_a_port_in_use_is_one_line_that_names_the_setting(database_url, tmp_path):
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with program(database_url, port, log) as process:
            assert await asyncio.to_thread(process.wait) == EXIT_CANNOT_START
    assert log.read_text() == f"taskmaster edge: port {port} is in use; set SCHEDULER_PORT\n"


async def test_answers_do_not_wait_for_the_clients_acknowledgement_on_any_event_loop():
    accepted = asyncio.get_running_loop().create_future()
    with bound(Address("127.0.0.1", 0)) as listener:
        async with await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listener):
            _, ours = await asyncio.open_connection(*listener.getsockname())
            theirs = await accepted
            connection = theirs.get_extra_info("socket")
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for writer in (ours, theirs):
                writer.close()
                await writer.wait_closed()


def test_a_host_that_is_not_this_machine_is_one_line_too():
    for host in ("203.0.113.1", "no such host", "a" * 70 + ".example"):
        with pytest.raises(Exception, match=r"^cannot listen on .*; set SCHEDULER_PORT$"):
            bound(Address(host, 0))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_streams_open_in_good_order(database_url, tmp_path, number):
    log, port = tmp_path / "log", free_port()
    url = f"http://127.0.0.1:{port}"
    async with program(database_url, port, log) as process, httpx.AsyncClient(base_url=url, trust_env=False) as http:

        async def alive():
            try:
                return (await http.get("/healthz")).is_success
            except httpx.TransportError:
                return False

        await eventually(alive, timeout=30)
        async with http.stream("GET", "/api/logs/stream") as stream:
            chunks = stream.aiter_bytes()
            assert await anext(chunks) == b"retry: 1000\n\n"
            process.send_signal(number)
            assert [chunk async for chunk in chunks] == []
            assert await asyncio.to_thread(process.wait, 5) == 0
    assert "Traceback" not in log.read_text()
    assert '"event": "edge_ready"' in log.read_text()


def test_an_edge_makes_room_for_a_thousand_dashboards():
    program = """
import resource
from cluster.edge.__main__ import room_for_connections
for soft, hard in ((256, 2000), (256, 1000)):
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room_for_connections()
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2000", "2000", "1000", "1000"]
