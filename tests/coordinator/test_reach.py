"""Whether a silent worker is gone, frozen or cut off."""

import signal
import subprocess
import sys

import pytest

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
