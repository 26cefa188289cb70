"""Every PostgreSQL that is supported, as its public image."""

import os

import pytest

from cluster.client import new_task
from cluster.core.errors import TaskMasterError
from tests.containers.engine import provide
from tests.containers.single import cluster
from tests.fixtures.eventually import eventually

IMAGES = os.environ.get("POSTGRES_IMAGES", "postgres:15 postgres:16 postgres:17 postgres:18").split()


def online(client):
    try:
        return client.workers()
    except TaskMasterError:
        return []


@pytest.mark.parametrize("postgres_image", IMAGES)
async def test_a_batch_runs_to_its_end(engine, image, postgres_image):
    provide(engine, postgres_image)
    with cluster(image, postgres_image) as client:
        await eventually(lambda: len(online(client)) == 2, timeout=40, pause=0.2)
        tasks = client.wait(client.schedule_many(new_task("noop") for _ in range(200)))
        assert {task.status for task in tasks} == {"COMPLETE"}
        assert len({task.worker_id for task in tasks}) == 2
