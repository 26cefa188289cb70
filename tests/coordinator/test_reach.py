"""Whether a silent worker is gone, frozen or cut off."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys

import pytest
import uvloop

from cluster.coordinator import reach
from cluster.coordinator.reach import host_and_port, listens, refused

LISTENER = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
time.sleep(60)
"""


async def test_a_process_that_is_frozen_still_listens_and_one_that_is_dead_does_not():
    with subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = f"127.0.0.1:{int(process.stdout.readline())}"
        process.send_signal(signal.SIGSTOP)
        assert (await listens(address), await refused(address)) == (True, False)
        process.kill()
    assert (await listens(address), await refused(address)) == (False, True)


@pytest.mark.parametrize("address", ["no-such-host.invalid:1", "foo..bar:1", "a" * 64 + ":1", "nowhere"])
async def test_what_cannot_be_found_is_neither_frozen_nor_dead(address):
    assert (await listens(address), await refused(address)) == (False, False)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("worker-1.example.:1", ("worker-1.example.", 1)),
        ("my_stack_worker:50051", ("my_stack_worker", 50051)),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65535)),
        ("büro:80", ("büro", 80)),
    ],
)
def test_whoever_can_be_found_has_an_address(address, parts):
    assert host_and_port(address) == parts


class TwoAddresses:
    """A loop to which every name has two addresses."""

    async def getaddrinfo(self, _host: str, port: int, **_: object) -> list[tuple]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port)) for last in (1, 2)]


class OnAsyncio(TwoAddresses, asyncio.SelectorEventLoop):
    pass


class OnUvloop(TwoAddresses, uvloop.Loop):
    pass


@pytest.mark.parametrize("loop", [OnAsyncio, OnUvloop])
@pytest.mark.parametrize("listening", [(), ("127.0.0.1",), ("127.0.0.2",)])
def test_of_several_addresses_one_that_listens_is_enough_and_all_must_refuse(loop, listening):
    async def told(port: int) -> tuple[bool, bool]:
        return await listens(f"worker-7:{port}"), await refused(f"worker-7:{port}")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with contextlib.ExitStack() as stack, asyncio.Runner(loop_factory=loop) as runner:
        for host in listening:
            stack.enter_context(socket.create_server((host, port)))
        assert runner.run(told(port)) == (bool(listening), not listening)


@pytest.mark.parametrize(("others", "expected"), [("listen", (True, False)), ("refuse", (False, False))])
async def test_an_address_that_does_not_answer_says_nothing_of_the_others(monkeypatch, others, expected):
    """As behind a firewall that swallows what comes: here everything waits that is for 127.0.0.1."""
    monkeypatch.setattr(reach, "PATIENCE", 0.2)
    connect = asyncio.open_connection

    async def addresses(*_: object) -> list[str]:
        return ["127.0.0.1", "127.0.0.2"]

    async def swallowed(host: str, port: int) -> tuple:
        if host == "127.0.0.1":
            await asyncio.Event().wait()
        return await connect(host, port)

    monkeypatch.setattr(reach, "_addresses", addresses)
    monkeypatch.setattr(asyncio, "open_connection", swallowed)
    with socket.create_server(("127.0.0.2", 0)) as other:
        address = f"worker-7:{other.getsockname()[1]}"
        if others == "refuse":
            other.close()
        assert (await listens(address), await refused(address)) == expected
