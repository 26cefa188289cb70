"""The primary dies for good and its standby takes over: one URL names them both."""

from collections.abc import AsyncIterator

import pytest

from cluster.core.errors import OutcomeUnknown
from cluster.core.new_task import NewTask
from cluster.runtime.ids import new_id
from cluster.store.certainty import enqueue_for_certain
from cluster.store.pool import create_pool
from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually
from tests.trouble.cast import cluster_of, is_a_problem, pids, posting, runs_of
from tests.trouble.server import Server, running_server

BOUND = 25


@pytest.fixture
async def primary() -> AsyncIterator[Server]:
    async with running_server() as server:
        yield server


@pytest.fixture
async def standby(primary: Server) -> AsyncIterator[Server]:
    """It has all that the primary acknowledges."""
    server = Server(cluster_name="spare")
    try:
        await primary.copy_to(server)
        await server.start()
        primary.set("synchronous_standby_names", "spare")
        await eventually(lambda: in_step(primary))
        yield server
    finally:
        await server.remove()


def in_step(primary: Server) -> bool:
    with primary.admin() as admin:
        return admin.execute("SELECT sync_state FROM pg_stat_replication").fetchall() == [("sync",)]


def either(primary: Server, standby: Server, database: str) -> str:
    return f"postgresql://postgres:topsecret@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/{database}"


async def test_when_a_standby_takes_over_nothing_that_was_acknowledged_is_lost(
    primary: Server, standby: Server
) -> None:
    name = await primary.database("scheduler")
    cluster = cluster_of(either(primary, standby, name))
    try:
        await cluster.up(workers=2)
        await fail_over(cluster, primary, standby)
        await cluster.stop()
        cluster.assert_no_traceback()
        assert "topsecret" not in cluster.log_text()
    finally:
        cluster.remove()


async def fail_over(cluster: RunningCluster, primary: Server, standby: Server) -> None:
    trace = cluster.folder / "failover"
    before = pids(cluster)
    running = cluster.enqueue_many("trace", 6, {"path": str(trace), "seconds": 3})
    await eventually(lambda: cluster.stats()["running"] == 6)

    async with posting(cluster, trace) as posted:
        await eventually(lambda: len(posted.acknowledged) >= 20, timeout=BOUND)
        await primary.kill()
        with standby.admin() as admin:
            assert admin.execute("SELECT pg_promote()").fetchall() == [(True,)]
        enough = len(posted.acknowledged) + 20
        await eventually(lambda: len(posted.acknowledged) >= enough, timeout=BOUND)

    tasks = await cluster.finished([*running, *posted.acknowledged], timeout=BOUND)
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    assert {task["attempt"] for task in tasks if task["id"] in running} == {1}
    runs = runs_of(trace)
    assert runs.keys() >= {task["id"] for task in tasks}
    assert set(runs.values()) == {1}, "a task ran twice"
    assert all(map(is_a_problem, posted.refused))
    assert pids(cluster) == before


async def test_a_task_that_the_standby_may_not_have_is_not_acknowledged_though_it_can_be_seen(
    primary: Server, standby: Server
) -> None:
    url = either(primary, standby, await primary.database("scheduler"))
    task = NewTask(id=new_id(), command="trace")
    async with create_pool(url, role="test", size=2, patience=0.5) as pool:
        await standby.stop()

        with pytest.raises(OutcomeUnknown):
            await enqueue_for_certain(pool, [task])

        with primary.admin("scheduler") as admin:
            assert admin.execute("SELECT id FROM tasks").fetchall() == [(task.id,)]
        await eventually(lambda: waiting_for_the_standby(primary) == 0)
        await standby.start()
        await eventually(lambda: in_step(primary))
        [answer] = await enqueue_for_certain(pool, [NewTask(id=task.id, command="trace", id_given=True)])
        assert (answer.id, answer.created) == (task.id, False)


def waiting_for_the_standby(primary: Server) -> int:
    """Backends that are given up must not pile up."""
    with primary.admin() as admin:
        query = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        return len(admin.execute(query).fetchall())
