"""The connection budget: coordinators and edges have a pool each, workers and the supervisor not even the driver."""

import psutil
import psycopg

from cluster.runtime.settings import Settings
from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import arguments_of, living_in

WITH_DRIVER = ("cluster.coordinator", "cluster.edge")
WITHOUT_DRIVER = ("cluster.worker", "cluster.worker.child", "cluster.supervisor", "cluster.supervisor.postgres")


def connections(settings: Settings) -> dict[str, int]:
    """Those of clients, by application_name, without ours."""
    query = """
        SELECT application_name, count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1
    """
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        return dict(connection.execute(query).fetchall())


def has_driver(process: psutil.Process) -> bool:
    """Whether libpq is mapped into it, through which every connection of ours goes."""
    return any("psycopg" in mapped.path for mapped in process.memory_maps())


async def test_the_connections_are_those_of_the_budget(shared: RunningCluster) -> None:
    settings = Settings.from_env(shared.env)
    await shared.finished(shared.enqueue_many("noop", 200))
    found = connections(settings)
    assert found.keys() == {"taskmaster coordinator", "taskmaster edge"}
    assert max(found.values()) <= settings.db_pool_size


async def test_workers_and_the_supervisor_cannot_even_connect(shared: RunningCluster) -> None:
    running = {module: [] for module in (*WITH_DRIVER, *WITHOUT_DRIVER)}
    for process in living_in(shared.home):
        arguments = arguments_of(process)
        if "-m" in arguments and (module := arguments[arguments.index("-m") + 1]) in running:
            running[module].append(process)
    assert all(running[module] for module in (*WITH_DRIVER, "cluster.worker", "cluster.supervisor"))
    assert all(has_driver(process) for module in WITH_DRIVER for process in running[module])
    assert not [process for module in WITHOUT_DRIVER for process in running[module] if has_driver(process)]
