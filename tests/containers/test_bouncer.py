"""PgBouncer in transaction mode before PostgreSQL, as deploy/pgbouncer.yml has it."""

import pytest

from tests.containers.conftest import standing
from tests.containers.engine import CHECKOUT, build, in_container
from tests.containers.stack import Stack
from tests.fixtures.eventually import eventually

ASK = """
import os, psycopg
with psycopg.connect(
    host=os.environ["POSTGRES_HOST"], port=os.environ["POSTGRES_PORT"], dbname={database!r},
    user="postgres", password=open("/run/password/postgres").read(),
) as connection:
    print(*connection.execute({query!r}).fetchone())
"""


@pytest.fixture(scope="module")
def behind(engine, image, tmp_path_factory):
    variables = {"WORKERS": "2", "PGBOUNCER_IMAGE": "taskmaster-pgbouncer:test"}
    build(variables["PGBOUNCER_IMAGE"], context=CHECKOUT / "deploy" / "pgbouncer")
    with standing(
        Stack(engine, image, tmp_path_factory.mktemp("behind"), "deploy/pgbouncer.yml", **variables)
    ) as stack:
        yield stack
    engine.images.remove(variables["PGBOUNCER_IMAGE"], force=True)


def ask(stack, database, query):
    code, said = in_container(stack.containers("edge")[0], ASK.format(database=database, query=query))
    assert code == 0, said
    return said.strip()


async def test_a_batch_runs_to_its_end(behind):
    tasks = await behind.finished(behind.enqueue(500, 0))
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert {task.attempt for task in tasks} == {1}


async def test_plans_are_pinned_for_coordinators_alone(behind):
    assert ask(behind, "scheduler_pinned", "SHOW enable_seqscan") == "off"
    assert ask(behind, "scheduler_pinned", "SHOW plan_cache_mode") == "force_generic_plan"
    assert ask(behind, "scheduler", "SHOW enable_seqscan") == "on"
    for database in ("scheduler", "scheduler_pinned"):
        assert ask(behind, database, "SHOW synchronous_commit") == "on"


async def test_a_bouncer_that_dies_loses_nothing(behind):
    [bouncer] = behind.containers("pgbouncer")
    task_ids = behind.enqueue(100, 0.5)
    await eventually(lambda: behind.stats().running > 0)
    bouncer.kill()
    bouncer.start()
    tasks = await behind.finished([*task_ids, *behind.enqueue(50, 0)], timeout=90)
    assert {task.status for task in tasks} == {"COMPLETE"}
