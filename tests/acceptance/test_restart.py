"""Stop and start again: PostgreSQL remembers, everything else may forget."""

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_what_was_pending_runs_and_what_was_finished_can_be_read_after_a_restart(own: RunningCluster) -> None:
    await own.up(workers=1)
    (done,) = await own.finished([own.enqueue("noop", {"n": 1})])
    waiting = own.enqueue_many("wait", 20, {"seconds": 0.5})
    ahead = own.enqueue("noop", scheduled_at="2999-01-01T00:00:00Z")
    await own.stop()

    await own.up(workers=1)

    assert own.task(done["id"]) == done
    assert own.task(ahead)["status"] == "QUEUED"
    assert {task["status"] for task in await own.finished(waiting)} == {"COMPLETE"}
    assert own.stats()["pending"] == 1


async def test_tasks_that_run_at_a_stop_are_finished_or_given_back(own: RunningCluster) -> None:
    await own.up(workers=1)
    running = own.enqueue_many("wait", 5, {"seconds": 1.5})
    waiting = own.enqueue_many("wait", 3, {"seconds": 0.1})
    await eventually(lambda: own.stats()["running"] == 5)
    await own.stop()

    await own.up(workers=1)

    for task in await own.finished(running + waiting):
        assert (task["status"], task["attempt"]) == ("COMPLETE", 1), task
