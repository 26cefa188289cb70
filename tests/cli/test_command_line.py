"""What the command line takes, and what it refuses before anything is sent."""

import pytest
from typer.testing import CliRunner

from cluster.cli.main import app
from cluster.core.version import __version__

COMMANDS = [
    *("up", "edge", "coordinator", "worker", "supervisor", "postgres", "migrate"),
    *("enqueue", "tasks", "logs", "stats", "workers", "scale", "kill", "doctor", "bench"),
]
NOWHERE = "http://127.0.0.1:1"


def invoke(*arguments):
    return CliRunner().invoke(app, arguments)


def test_the_version():
    assert invoke("--version").output == f"taskmaster {__version__}\n"


def test_every_command_of_the_contract_is_there():
    listed = invoke("--help").output
    assert [command for command in COMMANDS if command not in listed] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert f"taskmaster {command}" in result.output or "Run " in result.output


def test_a_misspelt_command_is_named():
    result = invoke("enqeue")
    assert result.exit_code == 2
    assert "enqeue" in result.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--at", "12:00", "--in", "5m"], "not both"),
        (["--count", "2", "--each", "-"], "not both"),
        (["--count", "2", "--id", "0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70"], "--id names one task"),
        (["--count", "2", "--unique-key", "k"], "one task of all"),
        (["--each", "-"], "needs {} in a value"),
        (["a={}", "--each", "-", "--unique-key", "k"], "needs {} with --each"),
        (["a={}", "--each", "-", "--payload", "-"], "cannot be both"),
        (["a={}", "--each", "/does/not/exist"], "not a file that can be read"),
        (["a"], "not key=value"),
        (["--in", "soon"], "not a duration"),
        (["--at", "soon"], "not a time"),
        (["--timeout", "soon"], "not a duration"),
        (["--timeout", "9" * 400], "not a duration"),
        (["--at", "0001-01-01"], "not a time"),
        (["--count", "0"], "'--count'"),
        (["--priority", "101"], "'--priority'"),
        (["--id", "x"], "x"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, why):
    result = invoke("enqueue", "noop", *arguments, "--url", NOWHERE)
    assert result.exit_code == 2, result.output
    assert why in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("arguments", [["scale"], ["scale", "0"], ["scale", "51"], ["scale", "many"], ["kill"]])
def test_orders_out_of_bounds_are_refused(arguments):
    assert invoke(*arguments).exit_code == 2
