"""Which programs are run, and how."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.runtime.settings import Settings
from cluster.runtime.signals import PARENT_VARIABLE
from cluster.supervisor.runtimes.processes import roles
from cluster.supervisor.runtimes.processes.roles import Stage


def settings(**env: str) -> Settings:
    return Settings.from_env({"TASKMASTER_HOME": "/nowhere", **env})


def test_everything_is_the_database_its_schema_and_the_services() -> None:
    everything = roles.everything(settings())

    assert [(role.name, role.stage) for role in everything] == [
        ("postgres", Stage.DATABASE),
        ("migrate", Stage.SCHEMA),
        ("coordinator", Stage.COORDINATOR),
        ("edge", Stage.EDGE),
    ]
    assert all(role.essential for role in everything)


def test_a_database_of_ones_own_is_not_run_and_not_waited_for() -> None:
    everything = roles.everything(settings(DATABASE_URL="postgresql://db/scheduler"))

    assert [role.name for role in everything] == ["migrate", "coordinator", "edge"]
    assert "--wait" not in everything[0].argv


def test_every_role_is_a_program_of_this_python() -> None:
    everything = [*roles.everything(settings()), roles.worker(settings(), 1)]

    assert {role.argv[:2] for role in everything} == {(sys.executable, "-m")}
    for role in everything:
        module = Path(*role.argv[2].split("."), "__main__.py")
        assert (Path(roles.__file__).parents[4] / module).is_file()


def test_only_workers_run_tasks() -> None:
    everything = [*roles.everything(settings()), roles.worker(settings(), 1)]

    assert [role.name for role in everything if role.runs_tasks] == ["worker-1"]


def test_workers_are_numbered_and_take_free_ports() -> None:
    worker = roles.worker(settings(), 3)

    assert worker.name == "worker-3"
    assert worker.env["WORKER_NAME"] == "worker-3"
    assert worker.env["WORKER_PORT"] == "0"


def test_workers_of_a_supervisor_with_a_name_carry_it() -> None:
    """Two supervisors would otherwise both have a worker-1, and an order to kill it would mean either."""
    worker = roles.worker(settings(WORKER_NAME="rack"), 3)

    assert (worker.name, worker.env["WORKER_NAME"]) == ("rack-3", "rack-3")


def test_a_fixed_port_is_the_first_of_as_many_as_there_are_workers() -> None:
    ports = [roles.worker(settings(WORKER_PORT="7000"), number).env["WORKER_PORT"] for number in (1, 2, 3)]

    assert ports == ["7000", "7001", "7002"]


@pytest.mark.parametrize("seconds", ["0", "30"])
def test_a_worker_has_its_drain_timeout_and_a_margin_before_it_is_killed(seconds: str) -> None:
    assert roles.worker(settings(DRAIN_TIMEOUT=seconds), 1).patience > float(seconds)


@pytest.mark.parametrize(
    "role", [*roles.everything(settings()), roles.worker(settings(), 1)], ids=lambda role: role.name
)
def test_every_role_dies_with_the_supervisor(role: roles.Role, tmp_path: Path) -> None:
    # Its parent is said to be process 1, which it is not: as if that had died in the meantime.
    env = {**os.environ, **role.env, "TASKMASTER_HOME": str(tmp_path), PARENT_VARIABLE: "1"}

    done = subprocess.run(role.argv, env=env, capture_output=True, timeout=60, check=False)

    assert done.returncode == -signal.SIGKILL, done.stderr
