"""Events become log lines and counts."""

import json
import os
import subprocess
import sys

import pytest

from cluster.runtime import telemetry

EMITS = """
import logging, sys
from cluster.runtime import telemetry
telemetry.configure("worker", sys.argv[1], worker="worker-1")
telemetry.emit("worker_online", worker_id="w", error=None)
logging.getLogger("library").warning("from a library")
try:
    1 / 0
except ZeroDivisionError as error:
    telemetry.emit("loop_failed", level="error", exc_info=error)
"""


def lines(log_format: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", EMITS, log_format], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_a_pipe_gets_one_json_object_a_line_from_us_and_from_libraries(log_format: str) -> None:
    ours, theirs, error = (json.loads(line) for line in lines(log_format))

    assert (ours["event"], ours["worker_id"], ours["role"], ours["level"]) == ("worker_online", "w", "worker", "info")
    assert "error" not in ours
    assert {line["worker"] for line in (ours, theirs, error)} == {"worker-1"}
    assert (theirs["event"], theirs["role"], theirs["level"]) == ("from a library", "worker", "warning")
    assert "ZeroDivisionError" in error["exception"]


def test_a_console_gets_lines_for_people() -> None:
    first = lines("console")[0]

    assert "worker_online" in first
    assert "worker_id=w" in first
    assert not first.startswith("{")


def test_events_are_counted_with_or_without_a_line() -> None:
    before = telemetry.counts()

    telemetry.emit("test_counted", count=3)
    telemetry.tally("test_counted", 2)

    assert telemetry.counts()["test_counted"] == before.get("test_counted", 0) + 5
