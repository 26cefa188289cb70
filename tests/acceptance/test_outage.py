"""Parts are away; nothing that was acknowledged is lost."""

import signal
from pathlib import Path

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_tasks_are_taken_while_coordinator_and_workers_are_down_and_run_when_they_are_back(
    own: RunningCluster,
) -> None:
    own.start("postgres")
    assert own.start("migrate", "--wait").wait(60) == 0
    own.start("edge")
    await eventually(lambda: own.answers("/healthz"), timeout=30)
    assert not own.is_ready(), "ready without a coordinator"

    task_ids = [own.enqueue("wait", {"seconds": 0.01}) for _ in range(20)]
    assert own.stats()["pending"] == 20

    own.start("coordinator")
    own.start("worker")
    assert {task["status"] for task in await own.finished(task_ids)} == {"COMPLETE"}


async def test_a_killed_worker_is_replaced_and_its_tasks_are_rescued(shared: RunningCluster) -> None:
    # Long enough for the order to arrive before they are done.
    task_ids = shared.enqueue_many("wait", 15, {"seconds": 4})
    await eventually(lambda: shared.stats()["running"] == 15)
    victim = shared.online()[0]

    shared.post("/api/workers/kill", {"name": victim["name"]}, status=202)

    tasks = await shared.finished(task_ids)
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    assert len(victim["current_task_ids"]) == 5
    assert {task["crash_count"] for task in tasks} == {0}, "the order is to blame, not a task"
    assert victim["worker_id"] not in {task["worker_id"] for task in tasks}
    assert "worker_killed" in {told["event"] for told in shared.get("/api/logs")}

    def is_replaced() -> bool:
        online = {str(worker["worker_id"]) for worker in shared.online()}
        return len(online) == 3 and victim["worker_id"] not in online

    await eventually(is_replaced)


async def test_killing_a_worker_that_does_not_exist_is_refused(shared: RunningCluster) -> None:
    detail = shared.post("/api/workers/kill", {"name": "nobody"}, status=404)["detail"]
    assert "worker-3" in detail, "it does not say whom one could kill"


async def test_workers_carry_on_while_the_coordinator_is_killed_and_started_again(own: RunningCluster) -> None:
    await own.up(workers=2)
    runs = own.folder / "runs"
    task_ids = own.enqueue_many("demo-job", 10)
    task_ids += [own.enqueue("append-line", {"path": str(runs)}) for _ in range(20)]
    await eventually(lambda: own.stats()["running"] == 10)
    workers = {process.pid for process in own.processes("cluster.worker")}
    (coordinator,) = own.processes("cluster.coordinator")

    coordinator.send_signal(signal.SIGKILL)

    tasks = await own.finished(task_ids)
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    assert {task["attempt"] for task in tasks} == {1}, "a task lost its attempt with the coordinator"
    assert workers == {process.pid for process in own.processes("cluster.worker")}
    assert [process.pid for process in own.processes("cluster.coordinator")] != [coordinator.pid]
    assert len(lines_of(runs)) == 20, "a task ran twice"
    await own.ready(2)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()
