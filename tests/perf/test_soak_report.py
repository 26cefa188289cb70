"""The report of a soak: it says what rises, who had too many connections, what did not end."""

import json
from collections.abc import Callable

import pytest
from soak_figures import MIB
from soak_report import Accounts, as_json, report, table
from soak_samples import DatabaseSample, ProcessSample, Sample, role_of

BUDGET = {"taskmaster coordinator": 10, "taskmaster edge": 10}
ACCOUNTS = Accounts({"noop": 100}, {}, {"noop": 100}, {})


def steady(_at: float) -> int:
    return 50 * MIB


def taken(
    memory: Callable[[float], int] = steady,
    descriptors: Callable[[float], int] = lambda _: 30,
    connections: int = 5,
    dead: Callable[[float], int] = lambda _: 0,
    size: Callable[[float], int] = lambda _: MIB,
) -> list[Sample]:
    """Ten minutes of a coordinator and of a worker that is replaced by another in the middle."""
    return [
        Sample(
            at,
            (
                ProcessSample("coordinator", 1, 0.0, memory(at), descriptors(at), 8),
                ProcessSample("worker", 2 if at < 300 else 3, 0.0, steady(at), 30, 8),
            ),
            DatabaseSample(
                {"taskmaster coordinator": connections}, {}, {"tasks": dead(at)}, {"tasks": size(at)}, int(at) * MIB
            ),
        )
        for at in range(0, 600, 2)
    ]


def test_a_cluster_at_rest_has_no_problems() -> None:
    made = report(taken(), ACCOUNTS, BUDGET)
    assert made.problems == []
    assert made.wal_mib_per_minute == pytest.approx(60)
    assert (made.roles["worker"].processes, made.tasks) == (2, 100)


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (taken(memory=lambda at: int((50 + at / 20) * MIB)), "coordinator"),
        (taken(descriptors=lambda at: 30 + int(at / 10)), "descriptors"),
        (taken(connections=11), "connections"),
        (taken(dead=lambda at: int(at) * 1000), "dead rows"),
        (taken(size=lambda at: int(at / 2) * MIB), "grows"),
    ],
)
def test_whatever_rises_is_told(samples: list[Sample], told: str) -> None:
    [problem] = report(samples, ACCOUNTS, BUDGET).problems
    assert told in problem


def test_what_rose_in_the_first_half_alone_is_no_leak() -> None:
    assert report(taken(memory=lambda at: int(min(300, 50 + at) * MIB)), ACCOUNTS, BUDGET).problems == []


@pytest.mark.parametrize(
    "accounts",
    [
        Accounts({"noop": 101}, {}, {"noop": 100}, {}),
        Accounts({"noop": 99}, {}, {"noop": 100}, {}),
        Accounts({"noop": 100}, {}, {"noop": 100}, {"noop": 1}),
        Accounts({"noop": 100}, {}, {"noop": 100}, {}, twice=["noop"]),
        Accounts({"noop": 100}, {}, {"noop": 100}, {}, exit_code=1),
        Accounts({"noop": 100}, {}, {"noop": 100}, {}, left_behind=1),
    ],
)
def test_whatever_is_lost_is_told(accounts: Accounts) -> None:
    assert len(report(taken(), accounts, BUDGET).problems) == 1


def test_a_table_is_for_people_and_json_for_programs() -> None:
    made = report(taken(connections=12), ACCOUNTS, BUDGET)
    assert "PROBLEM taskmaster coordinator had 12 connections" in table(made)
    assert json.loads(json.dumps(as_json(made)))["problems"] == made.problems


def test_a_process_is_what_it_runs() -> None:
    assert role_of(["python", "-m", "cluster.worker"]) == "worker"
    assert role_of(["python", "-m", "cluster.cli", "up"]) == "supervisor"
    assert role_of(["python", "-m", "somebody.else"]) == "somebody.else"
    assert role_of(["postgres: taskmaster edge", "idle"]) == "postgres"
