"""A backlog of tasks that kill their workers meets a cluster that has just started."""

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_a_backlog_that_kills_every_worker_again_and_again_ends_no_cluster(own: RunningCluster) -> None:
    # Nobody knows these commands yet, so they wait.
    await own.up(workers=1)
    deadly = own.enqueue_many("deadly", 4)
    good = own.enqueue_many("harmless", 10)
    await own.stop()
    own.settings["TASKMASTER_TASKS"] = "deadly_tasks"

    up = own.start("up")
    await eventually(own.is_ready, timeout=40)
    answers: list[bool] = []

    def all_ended() -> bool:
        answers.append(own.answers("/healthz"))
        assert up.exit_code is None
        return all(task["status"] in {"FAILED", "COMPLETE"} for task in own.these(deadly + good))

    # Each takes part in three deaths: the worker dies more often in a row than one that never started may.
    await eventually(all_ended, timeout=90, pause=0.2)

    assert {task["state"] for task in own.these(deadly)} == {"quarantined"}
    assert {task["status"] for task in own.these(good)} == {"COMPLETE"}
    assert all(answers)
    assert up.exit_code is None
    await own.ready(1)
