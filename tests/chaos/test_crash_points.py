"""A crash point kills exactly where it says; the role it is in cannot tell it from a power cut."""

import importlib
import inspect
import os
import signal
import subprocess
import sys

import pytest

from tests.acceptance.processes import CHECKOUT
from tests.chaos.crash_points import POINTS, CrashPoint, Trap
from tests.chaos.faults import FAULTS

PROGRAM = """
import asyncio, sys
from cluster.runtime import ids
from tests.chaos import crash_points

crash_points.POINTS["sample"] = {"id": "cluster.runtime.ids:new_id"}
from cluster.edge import asked
trap = crash_points.Trap(lambda point: print("hit", point, flush=True))
trap.install("sample")
trap.set(crash_points.CrashPoint.parse(sys.argv[1]))
for number in range(3):
    asked.new_id()
    print("passed", number, flush=True)
"""


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ("id:before:1", ["hit id:before:1"]),
        ("id:after:2", ["passed 0", "hit id:after:2"]),
        ("id:before:9", ["passed 0", "passed 1", "passed 2"]),
        ("other:before:1", ["passed 0", "passed 1", "passed 2"]),
    ],
)
def test_a_process_dies_at_its_crash_point_and_nowhere_else(point: str, said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, point],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines() == said, done.stderr
    assert done.returncode == (-signal.SIGKILL if said[-1].startswith("hit") else 0)


READS = {
    *("isolated_commands", "accepted", "still_held", "held_leases", "held_for", "sessions_of_process", "live_sessions"),
    *("locked", "find_live", "offered_commands", "select", "totals", "paused", "queues", "read", "preview"),
}
"""What the store offers and commits nothing."""


def test_every_statement_that_commits_something_is_between_two_crash_points() -> None:
    watched = {where for points in POINTS.values() for where in points.values()}
    modules = ("leases", "sessions", "due", "leadership", "counters", "history", "orders", "enqueue", "steering")
    for module in (*modules, "queues", "samples"):
        functions = vars(importlib.import_module(f"cluster.store.{module}"))
        for name, function in functions.items():
            is_ours = inspect.iscoroutinefunction(function) and function.__module__ == f"cluster.store.{module}"
            if is_ours and not name.startswith("_") and name not in READS:
                assert f"cluster.store.{module}:{name}" in watched


@pytest.mark.parametrize("role", POINTS)
def test_every_crash_point_is_a_function_of_its_role(role: str) -> None:
    importlib.import_module(f"cluster.{role}.__main__")
    for where in POINTS[role].values():
        module, _, attribute = where.partition(":")
        owner = importlib.import_module(module)
        for part in attribute.split("."):
            owner = getattr(owner, part)
        assert callable(owner), where


def test_every_crash_that_can_be_planned_can_be_set() -> None:
    trap = Trap(lambda point: None)
    for fault in FAULTS:
        for detail in fault.kind.details if fault.kind.name == "crash" else ():
            point = CrashPoint.parse(detail)
            trap.set(point)
            assert str(point) == detail


@pytest.mark.parametrize("text", ["claim", "claim:during:1", "claim:after:x"])
def test_what_is_no_crash_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        CrashPoint.parse(text)
