"""What is asked before anything is started."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.core.errors import CannotStart
from cluster.runtime.paths import socket_folder
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address
from cluster.supervisor import ports


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(home: Path, **env: str) -> Settings:
    ports = {"SCHEDULER_PORT": f"127.0.0.1:{free_port()}", "COORDINATOR_PORT": f"127.0.0.1:{free_port()}"}
    return Settings.from_env({"TASKMASTER_HOME": str(home), **ports, **env})


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_free_ports_are_no_problem_and_stay_free(tmp_path: Path) -> None:
    wanted = settings(tmp_path)

    ports.check(wanted)
    ports.check(wanted)


@pytest.mark.parametrize("variable", ["SCHEDULER_PORT", "COORDINATOR_PORT"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_named_with_its_variable(
    tmp_path: Path, listener: socket.socket, variable: str, host: str
) -> None:
    port = listener.getsockname()[1]

    with pytest.raises(CannotStart, match=f"port {port} is in use: .*{variable}"):
        ports.check(settings(tmp_path, **{variable: f"{host}:{port}"}))


def test_two_roles_on_one_port_are_noticed(tmp_path: Path) -> None:
    port = free_port()

    with pytest.raises(CannotStart, match=f"port {port} is in use"):
        ports.check(settings(tmp_path, SCHEDULER_PORT=f":{port}", COORDINATOR_PORT=f":{port}"))


def test_an_address_of_another_machine_is_no_place_to_listen(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="SCHEDULER_PORT"):
        ports.check(settings(tmp_path, SCHEDULER_PORT=f"192.0.2.1:{free_port()}"))


def test_what_is_no_host_name_is_no_place_to_listen(tmp_path: Path) -> None:
    wanted = replace(settings(tmp_path), coordinator=Address("a..b", free_port()))

    with pytest.raises(CannotStart, match=r"COORDINATOR_PORT: a\.\.b is not an address of this machine"):
        ports.check(wanted)
    assert not ports.accepts(wanted.coordinator)


def test_everything_together_needs_fixed_ports(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="COORDINATOR_PORT must be a fixed port"):
        ports.check(settings(tmp_path, COORDINATOR_PORT=":0"))


def test_a_database_that_runs_in_the_same_home_is_another_taskmaster(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    folder = socket_folder(wanted.home)
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / ports.POSTGRES_SOCKET))
        server.listen()
        with pytest.raises(CannotStart, match="already runs with its data in"):
            ports.check(wanted)

    # What a killed one leaves behind is no obstacle.
    assert os.path.exists(folder / ports.POSTGRES_SOCKET)  # noqa: PTH110
    ports.check(wanted)


def test_a_listener_accepts_and_a_free_port_does_not(listener: socket.socket) -> None:
    assert ports.accepts(Address("127.0.0.1", listener.getsockname()[1]))
    assert not ports.accepts(Address("127.0.0.1", free_port()))
    assert not ports.accepts("/no/such/socket")


def test_what_listens_everywhere_is_dialled_on_loopback() -> None:
    assert ports.reachable(Address("0.0.0.0", 1)) == Address("127.0.0.1", 1)
    assert ports.reachable(Address("::", 1)) == Address("::1", 1)
    assert ports.reachable(Address("192.0.2.1", 1)) == Address("192.0.2.1", 1)
