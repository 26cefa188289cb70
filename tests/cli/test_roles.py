"""Commands that become a role."""

import os
import sys

import pytest
from typer.testing import CliRunner

from cluster.cli.main import app


class ReplacedError(Exception):
    """The process would be another program now."""


@pytest.fixture
def become(monkeypatch):
    """Invoke `taskmaster ARGUMENTS`: the program that would replace it, and what its environment says of `names`."""

    def execv(path, argv):
        assert path == argv[0] == sys.executable
        raise ReplacedError(argv[1:])

    def run(*arguments, names=()):
        environment = dict(os.environ)
        monkeypatch.setattr(os, "environ", environment)
        monkeypatch.setattr(os, "execv", execv)
        result = CliRunner().invoke(app, arguments)
        assert isinstance(result.exception, ReplacedError), result.output
        return result.exception.args[0], [environment.get(name) for name in names]

    return run


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("up", ["-m", "cluster.supervisor", "--all"]),
        ("supervisor", ["-m", "cluster.supervisor"]),
        ("edge", ["-m", "cluster.edge"]),
        ("coordinator", ["-m", "cluster.coordinator"]),
        ("worker", ["-m", "cluster.worker"]),
        ("postgres", ["-m", "cluster.supervisor.postgres"]),
    ],
)
def test_a_role_is_a_program_of_its_own(become, command, program):
    assert become(command)[0] == program


def test_options_override_the_environment(become, monkeypatch):
    monkeypatch.setenv("WORKERS", "9")
    monkeypatch.setenv("WORKER_POOL_SIZE", "8")
    names = ("WORKERS", "WORKER_POOL_SIZE", "TASKMASTER_TASKS")
    assert become("up", "--workers", "2", "--tasks", "mine", names=names)[1] == ["2", "8", "mine"]


def test_a_worker_takes_its_name_and_slots(become):
    names = ("WORKER_NAME", "WORKER_POOL_SIZE")
    assert become("worker", "--name", "gpu-1", "--slots", "1", names=names)[1] == ["gpu-1", "1"]


def test_ports_are_those_of_the_role(become):
    assert become("edge", "--port", ":9001", names=["SCHEDULER_PORT"])[1] == [":9001"]
    assert become("coordinator", "--port", ":9002", names=["COORDINATOR_PORT"])[1] == [":9002"]


def test_a_number_of_workers_out_of_bounds_is_refused():
    for number in ("0", "51"):
        assert CliRunner().invoke(app, ["up", "--workers", number]).exit_code == 2
