"""A command that no worker knows waits in sight until one that knows it joins."""

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_an_unknown_command_is_parked_with_its_reason_and_runs_when_a_worker_knows_it(
    own: RunningCluster,
) -> None:
    await own.up(workers=1)
    task_id = own.enqueue("late-command")

    await eventually(lambda: own.task(task_id)["error"] is not None)
    parked = own.task(task_id)
    assert parked["status"] == "QUEUED"
    assert "late-command" in parked["error"]
    assert "task_parked" in {told["event"] for told in own.get("/api/logs") if told.get("task_id") == task_id}

    own.start_program(own.command("worker"), settings={"TASKMASTER_TASKS": "late_tasks", "WORKER_NAME": "late"})
    (done,) = await own.finished([task_id])
    assert (done["status"], done["result"], done["error"]) == ("COMPLETE", "known at last", None)
