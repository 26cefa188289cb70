"""Stop and start again: PostgreSQL remembers, everything else may forget."""

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_after_a_restart_what_was_finished_can_be_read_and_what_was_not_runs(own: RunningCluster) -> None:
    await own.up(workers=1)
    (done,) = await own.finished([own.enqueue("noop", {"n": 1})])
    running = own.enqueue_many("wait", 5, {"seconds": 1.5})
    waiting = own.enqueue_many("wait", 20, {"seconds": 0.3})
    ahead = own.enqueue("noop", delay_seconds=86_400)
    await eventually(lambda: own.stats()["running"] == 5)
    await own.stop()

    await own.up(workers=1)

    assert own.task(done["id"]) == done
    assert {task["status"] for task in own.these(running)} == {"COMPLETE"}, "the stop did not wait for them"
    for task in await own.finished(running + waiting):
        assert (task["status"], task["attempt"]) == ("COMPLETE", 1), task
    assert own.task(ahead)["status"] == "QUEUED"
    assert own.stats()["pending"] == 1
