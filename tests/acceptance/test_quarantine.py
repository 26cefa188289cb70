"""A task that kills its workers is stopped, and the tasks beside it are not."""

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_a_task_that_kills_its_workers_ends_in_quarantine_and_no_other_does(own: RunningCluster) -> None:
    own.settings["TASKMASTER_TASKS"] = "deadly_tasks"
    await own.up(workers=2)
    good = own.enqueue_many("harmless", 20, {"seconds": 0.3})
    deadly = own.enqueue("deadly")
    good += own.enqueue_many("harmless", 20, {"seconds": 0.3})

    [ended] = await own.finished([deadly], timeout=60)
    assert (ended["status"], ended["state"], ended["crash_count"]) == ("FAILED", "quarantined", 3)
    assert "quarantined" in ended["error"]
    assert [past["outcome"] for past in own.task(deadly)["attempts"]] == ["crashed"] * 3
    assert {task["status"] for task in await own.finished(good, timeout=60)} == {"COMPLETE"}
    assert [task["id"] for task in own.tasks(state="quarantined")] == [deadly]
    assert own.stats()["quarantined"] == 1

    answer = own.post(f"/api/tasks/{deadly}/cancel", {}, status=409)
    assert "quarantined" in answer["detail"]
    assert own.post(f"/api/tasks/{deadly}/retry", {}, status=200)["changed"] is True
    await eventually(lambda: own.task(deadly)["crash_count"] >= 1, timeout=30)
    assert own.post(f"/api/tasks/{deadly}/cancel", {}, status=200)["status"] == "CANCELLED"
    await own.ready(2)
