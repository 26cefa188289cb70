"""The image's HEALTHCHECK: each role is asked the way everybody asks it."""

import socket

import pytest

from cluster.cli.health import role_in, run

WORKER = b"/opt/taskmaster/bin/python\0-m\0cluster.worker\0"


def port_in(address):
    return address.rpartition(":")[2]


@pytest.fixture
def nobody():
    """A port at which nothing listens, for it is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield str(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("command_line", "role"),
    [
        (WORKER, "worker"),
        (b"/sbin/docker-init\0--\0taskmaster\0edge\0", "edge"),
        (b"/usr/bin/python\0-m\0cluster.coordinator\0", "coordinator"),
        (b"taskmaster\0supervisor\0", ""),
        (b"taskmaster\0migrate\0--wait\0", ""),
    ],
)
def test_process_1_tells_the_role(command_line, role):
    assert role_in(command_line) == role


@pytest.mark.parametrize("role", ["edge", "coordinator"])
def test_a_role_that_answers_is_well(ring, monkeypatch, capsys, role):
    for name, value in ring.env.items():
        monkeypatch.setenv(name, value)
    assert (run(f"taskmaster\0{role}".encode()), capsys.readouterr().err) == (0, "")


def test_a_worker_is_asked_at_its_port(ring, monkeypatch, capsys):
    # A gRPC server's health is what it is, whoever serves there.
    monkeypatch.setenv("WORKER_PORT", port_in(ring.env["COORDINATOR_PORT"]))
    assert (run(WORKER), capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize(
    ("role", "variable", "value"),
    [("edge", "SCHEDULER_PORT", ":{}"), ("coordinator", "COORDINATOR_PORT", ":{}"), ("worker", "WORKER_PORT", "{}")],
)
def test_a_role_that_does_not_answer_is_not_well_and_says_where(nobody, monkeypatch, capsys, role, variable, value):
    monkeypatch.setenv(variable, value.format(nobody))
    assert run(f"taskmaster\0{role}".encode()) == 1
    assert capsys.readouterr().err.startswith(f"{role}: nothing answers at 127.0.0.1:{nobody}")


def test_a_worker_on_an_unknown_port_says_what_to_set(monkeypatch, capsys):
    monkeypatch.delenv("WORKER_PORT", raising=False)
    assert run(WORKER) == 1
    assert "WORKER_PORT" in capsys.readouterr().err


def test_a_role_that_does_not_listen_is_not_asked(capsys):
    assert (run(b"taskmaster\0supervisor\0"), capsys.readouterr().err) == (0, "")
