"""Workers come and go by request while tasks run."""

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def scale(cluster: RunningCluster, count: int) -> None:
    """Ask for `count` workers and wait until that many are there, as processes and as members."""
    cluster.post("/api/workers/scale", {"count": count}, status=202)
    await eventually(lambda: len(cluster.online()) == count, timeout=30)
    await eventually(lambda: len(cluster.processes("cluster.worker")) == count, timeout=30)


async def test_scaling_while_tasks_run_costs_no_task_an_attempt(shared: RunningCluster) -> None:
    failures = shared.log_text().count('"child_failed"')
    task_ids = shared.enqueue_many("wait", 100, {"seconds": 0.5})
    await eventually(lambda: shared.stats()["running"] == 15)

    await scale(shared, 10)
    grown = {str(worker["worker_id"]) for worker in shared.online()}
    # On a busy machine the first may be done before the last worker is up.
    task_ids += shared.enqueue_many("wait", 75, {"seconds": 0.5})
    await scale(shared, 2)

    tasks = await shared.finished(task_ids)
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    assert {task["attempt"] for task in tasks} == {1}, "a removed worker lost what it ran"
    assert len({task["worker_id"] for task in tasks} & grown) > 3, "the new workers took no part"
    told = {told["event"] for told in shared.get("/api/logs") if told.get("task_id") in set(task_ids)}
    assert told.isdisjoint({"task_failed", "task_rescued", "task_retried"})
    await scale(shared, 3)
    assert shared.log_text().count('"child_failed"') == failures, "a removed worker did not end well"


async def test_a_scale_outside_1_to_50_is_refused(shared: RunningCluster) -> None:
    for count in (0, 51, -1):
        assert "count" in shared.post("/api/workers/scale", {"count": count}, status=422)["detail"]
