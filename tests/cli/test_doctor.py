"""`taskmaster doctor`: what is wrong, and what to do about it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cluster.cli import checks
from cluster.runtime.settings import Settings

NAMES = ["python", "settings", "postgresql", "clock", "schema", "coordinator", "edge", "workers"]


def report(done):
    return json.loads(done.stdout)


async def test_a_cluster_that_is_well_has_no_problem(ring):
    done = await ring.taskmaster("doctor", "--json")
    assert done.returncode == 0, done.stdout
    assert report(done)["ok"] is True
    assert [finding["name"] for finding in report(done)["findings"]] == NAMES
    assert {finding["ok"] for finding in report(done)["findings"]} == {True}
    assert "problem" not in (await ring.taskmaster("doctor")).stdout


async def test_where_nothing_runs_each_problem_says_what_to_do(ring):
    nowhere = {
        "DATABASE_URL": "postgresql://me:sesame@127.0.0.1:9/scheduler",
        "SCHEDULER_PORT": "127.0.0.1:9",
        "COORDINATOR_ADDRESS": "127.0.0.1:9,127.0.0.1:10",
    }
    done = await ring.taskmaster("doctor", "--json", **nowhere)
    assert (done.returncode, done.stderr) == (1, "")
    problems = {finding["name"]: finding for finding in report(done)["findings"] if not finding["ok"]}
    assert problems.keys() == {"postgresql", "coordinator", "edge"}
    assert all(finding["advice"] for finding in problems.values())
    assert "sesame" not in done.stdout
    shown = await ring.taskmaster("doctor", **nowhere)
    assert shown.stdout.count("problem") == 4
    assert "check DATABASE_URL" in shown.stdout


async def test_a_wrong_setting_is_a_finding_too(ring):
    done = await ring.taskmaster("doctor", "--json", WORKERS="many")
    assert done.returncode == 1
    [finding] = [finding for finding in report(done)["findings"] if not finding["ok"]]
    assert finding["name"] == "settings"
    assert "WORKERS" in finding["found"]


async def test_a_database_without_a_schema_is_told_from_one_that_is_not_there(postgres):
    settings = Settings.from_env({"DATABASE_URL": postgres.url("postgres")})
    postgresql, _, schema = await checks.check_postgres(settings, lambda: datetime.now(UTC))
    assert postgresql.ok
    assert (schema.ok, schema.advice) == (False, "run `taskmaster migrate`")


@pytest.mark.parametrize(
    ("ahead", "ok"), [(timedelta(hours=-1), False), (timedelta(), True), (timedelta(hours=1), False)]
)
async def test_clocks_that_differ_are_a_problem(database_url, ahead, ok):
    settings = Settings.from_env({"DATABASE_URL": database_url})
    _, clock, _ = await checks.check_postgres(settings, lambda: datetime.now(UTC) + ahead)
    assert clock.ok is ok
